"""What tells an existing Grafana of data sources, dashboards and whom to alert."""

from collections.abc import Iterator, Mapping

import yaml

from celeryscope.grafana.layout import DASHBOARDS_PATH, FOLDER, datasource_uid
from celeryscope.grafana.model import Edition

_DATASOURCES: Mapping[Edition, Mapping[str, object]] = {
    Edition.GRAPHITE: {
        "url": "http://localhost:8888",
        "jsonData": {"graphiteVersion": "1.1"},
    },
    Edition.PROMETHEUS: {
        "url": "http://localhost:9090",
        # Rates look at four scrapes: so long as the server's flushes are apart.
        "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
    },
}
_HEADS = {
    "datasources/celeryscope.yaml": "Change the url if Grafana runs on another host.",
    "dashboards/celeryscope.yaml": "The path is where Grafana sees the dashboards' files.",
    "alerting/contact-points.yaml.example": (
        "Set the address, rename to contact-points.yaml, and point a notification policy to it."
    ),
}


def files() -> Mapping[str, str]:
    """Return each file's text by its path below the folder of files."""
    return dict(_files())


def _files() -> Iterator[tuple[str, str]]:
    for edition in Edition:
        contents = (_datasource(edition), _provider(), _contact_point())
        for (path, head), content in zip(_HEADS.items(), contents, strict=True):
            text = yaml.safe_dump(content, sort_keys=False)
            yield f"{edition.value}/provisioning/{path}", f"# {head}\n{text}"


def _datasource(edition: Edition) -> dict[str, object]:
    one = {
        "name": f"celeryscope ({edition.label})",
        "uid": datasource_uid(edition),
        "type": edition.value,
        "access": "proxy",
        **_DATASOURCES[edition],
    }
    return {"apiVersion": 1, "datasources": [one]}


def _provider() -> dict[str, object]:
    one = {
        "name": "celeryscope",
        "folder": FOLDER,
        "type": "file",
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": DASHBOARDS_PATH},
    }
    return {"apiVersion": 1, "providers": [one]}


def _contact_point() -> dict[str, object]:
    receiver = {
        "uid": "celery-on-call",
        "type": "email",
        "settings": {"addresses": "on-call@example.com"},
    }
    point = {"orgId": 1, "name": "celery-on-call", "receivers": [receiver]}
    return {"apiVersion": 1, "contactPoints": [point]}
