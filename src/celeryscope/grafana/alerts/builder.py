"""Both editions as text: made in development, committed, and shipped as they are."""

from collections.abc import Mapping

import yaml

from celeryscope.grafana.alerts.catalogue import ALERTS, RECORDINGS
from celeryscope.grafana.alerts.provisioning import provisioning
from celeryscope.grafana.alerts.rules import rules

GRAFANA = "graphite/provisioning/alerting/celeryscope.yaml"
PROMETHEUS = "prometheus/rules/celeryscope.yaml"
_WIDTH = 10_000  # an expression on one line can be searched for


def files() -> Mapping[str, str]:
    """Return each file's text by its path below the folder of files."""
    return {
        GRAFANA: _yaml(provisioning(ALERTS)),
        PROMETHEUS: _yaml(rules(RECORDINGS, ALERTS)),
    }


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and nothing by reference."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _yaml(content: object) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)
