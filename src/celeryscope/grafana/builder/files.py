"""All files of Grafana's side, put together."""

from collections.abc import Iterator, Mapping

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from celeryscope.grafana.alerts import builder as alerts
from celeryscope.grafana.builder import provisioning
from celeryscope.grafana.builder.dashboards import built
from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.layout import dashboard_path
from celeryscope.grafana.model import Edition


def files() -> Mapping[str, str]:
    """Return every file's text by its path below the folder of files."""
    return {**dict(_dashboards()), **provisioning.files(), **alerts.files()}


def _dashboards() -> Iterator[tuple[str, str]]:
    encoder = JSONEncoder(sort_keys=True, indent=2)
    for edition in Edition:
        for dashboard in DASHBOARDS:
            yield (
                dashboard_path(dashboard, edition),
                f"{encoder.encode(built(dashboard, edition))}\n",
            )
