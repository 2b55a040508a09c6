"""The way from one dashboard to another, which keeps the time range and common variables."""

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.models import dashboard as models

from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.catalogue.variables import DATASOURCE
from celeryscope.grafana.model import Dashboard, Edition, Link

TAG = "celeryscope"


def between(edition: Edition) -> sdk.DashboardLink:
    """Return the menu of all dashboards of an edition."""
    return (
        sdk.DashboardLink("celeryscope")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG, edition.value])
        .as_dropdown(as_dropdown=True)
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )


def down(source: Dashboard, link: Link, edition: Edition) -> sdk.DashboardLink:
    """Return the link of a whole panel."""
    found = _dashboard(link.to)
    return sdk.DashboardLink(found.title).url(_url(source, found, edition, ""))


def down_by_name(source: Dashboard, link: Link, edition: Edition) -> sdk.DashboardLink:
    """Return the link of one series, whose name becomes a variable's value."""
    found = _dashboard(link.to)
    title = f"{found.title}: ${{__field.displayName}}"
    return sdk.DashboardLink(title).url(_url(source, found, edition, link.sets))


def _url(source: Dashboard, found: Dashboard, edition: Edition, sets: str) -> str:
    """Return the address of a dashboard with what both have in common."""
    common = [one.name for one in source.variables[edition] if one in found.variables[edition]]
    kept = [f"${{{name}:queryparam}}" for name in (DATASOURCE, *common) if name != sets]
    given = [f"var-{sets}=${{__field.displayName}}"] if sets else []
    return f"/d/{found.uid(edition)}?{'&'.join(['${__url_time_range}', *kept, *given])}"


def _dashboard(key: str) -> Dashboard:
    return next(one for one in DASHBOARDS if one.key == key)
