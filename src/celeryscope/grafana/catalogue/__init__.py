"""The dashboards, the first one first."""

from celeryscope.grafana.catalogue import itself, overview, queues, task, tasks
from celeryscope.grafana.model import Dashboard

DASHBOARDS: tuple[Dashboard, ...] = (
    overview.DASHBOARD,
    tasks.DASHBOARD,
    task.DASHBOARD,
    queues.DASHBOARD,
    itself.DASHBOARD,
)
