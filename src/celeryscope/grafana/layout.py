"""Where the files of one edition stand, and what they call each other."""

from celeryscope.grafana.model import Dashboard, Edition

FOLDER = "Celery"
DASHBOARDS = "dashboards"
DASHBOARDS_PATH = "/var/lib/grafana/dashboards/celeryscope"
"""Where Grafana finds the dashboards, unless they are written elsewhere."""


def datasource_uid(edition: Edition) -> str:
    """Return the name by which alerts know the provisioned data source."""
    return f"celery-{edition.value}"


def dashboard_path(dashboard: Dashboard, edition: Edition) -> str:
    """Return a dashboard's path below the folder of files."""
    return f"{edition.value}/{DASHBOARDS}/{dashboard.uid(edition)}.json"
