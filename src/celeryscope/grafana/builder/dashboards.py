"""A dashboard of the catalogue as Grafana has it, in the schema of Grafana 9 to 13."""

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

from celeryscope.grafana.builder import panels
from celeryscope.grafana.builder.links import TAG, between
from celeryscope.grafana.builder.targets import GrafanaAnnotations, GraphiteEvents
from celeryscope.grafana.builder.variables import datasource, reference, variable
from celeryscope.grafana.model import Dashboard, Edition, Place, Row

DEPLOY_TAG = "deploy"
_OWN = common_models.DataSourceRef(type_val="grafana", uid="-- Grafana --")


def built(dashboard: Dashboard, edition: Edition) -> models.Dashboard:
    """Return one edition of a dashboard."""
    builder = (
        sdk.Dashboard(f"Celery / {dashboard.title} ({edition.label})")
        .uid(dashboard.uid(edition))
        .description(dashboard.question)
        .tags(["celery", TAG, edition.value])
        .readonly()
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(between(edition))
        .annotation(_deploys(edition))
        .with_variable(datasource(edition))
    )
    for one in dashboard.variables[edition]:
        builder.with_variable(variable(one, edition))
    made = builder.build()
    made.panels = [
        _row(dashboard, one, place)
        if isinstance(one, Row)
        else panels.built(dashboard, one, edition, place)
        for one, place in dashboard.places()
    ]
    return made


def _row(dashboard: Dashboard, row: Row, place: Place) -> models.RowPanel:
    """Return a row's heading; its number comes after the panels', which alerts point to."""
    made = sdk.Row(row.title).id(len(dashboard.panels) + dashboard.rows.index(row) + 1).build()
    made.grid_pos = models.GridPos(h=place.height, w=place.width, x=place.x, y=place.y)
    return made


def _deploys(edition: Edition) -> sdk.AnnotationQuery:
    """Return the marks of deployments: Graphite's events, or annotations that Grafana keeps."""
    query = sdk.AnnotationQuery().name("Deploys").enable(enable=True).icon_color("blue")
    if edition is Edition.GRAPHITE:
        return query.datasource(reference(edition)).target(GraphiteEvents((DEPLOY_TAG,)))
    return query.datasource(_OWN).target(GrafanaAnnotations((DEPLOY_TAG,)))
