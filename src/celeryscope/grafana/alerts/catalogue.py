"""All alerts, and what Prometheus works out ahead for them."""

from celeryscope.grafana.alerts import monitor, objectives, queues, tasks, workers

ALERTS = (
    *objectives.alerts(),
    *queues.alerts(),
    *tasks.alerts(),
    *workers.alerts(),
    *monitor.alerts(),
)
RECORDINGS = (*objectives.recordings(), *monitor.recordings())
