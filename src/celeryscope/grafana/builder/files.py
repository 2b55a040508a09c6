"""All files of Grafana's side, put together."""

import json
from collections.abc import Iterator, Mapping

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from celeryscope.grafana.alerts import builder as alerts
from celeryscope.grafana.builder import provisioning
from celeryscope.grafana.builder.dashboards import built
from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.layout import dashboard_path
from celeryscope.grafana.model import Edition

_HIDDEN = ("placement", "inControlsMenu")


def files() -> Mapping[str, str]:
    """Return every file's text by its path below the folder of files."""
    return {**dict(_dashboards()), **provisioning.files(), **alerts.files()}


def _dashboards() -> Iterator[tuple[str, str]]:
    for edition in Edition:
        for dashboard in DASHBOARDS:
            yield (
                dashboard_path(dashboard, edition),
                f"{_text(built(dashboard, edition))}\n",
            )


def _text(dashboard: models.Dashboard) -> str:
    whole = json.loads(JSONEncoder().encode(dashboard))
    return json.dumps(in_sight(whole), sort_keys=True, indent=2)


def in_sight(document: object) -> object:
    """Return a document without what puts links and annotations into a menu.

    The SDK always writes that. Newer Grafanas hide them there, and leave out a link that is a menu.
    """
    if isinstance(document, dict):
        return {key: in_sight(one) for key, one in document.items() if (key, one) != _HIDDEN}
    return [in_sight(one) for one in document] if isinstance(document, list) else document
