"""The idioms that Prometheus' expressions share."""

from celeryscope.grafana.alerts.alert import duration
from celeryscope.metrics import Family
from celeryscope.outputs.prometheus.names import SUBJECT_LABELS

_LABELS = {label for label in SUBJECT_LABELS.values() if label}


def total(family: Family, expression: str, *more: str) -> str:
    """Return the sum for each subject of a family, whichever server, queue or worker told it.

    `more` are other labels to sum over.
    """
    others = sorted((_LABELS | {"instance", *more}) - {SUBJECT_LABELS[family]})
    return f"sum without ({', '.join(others)}) ({expression})"


def increase(selector: str, seconds: int, ago: int = 0) -> str:
    """Return by how much a counter grew over a window that ended `ago` seconds ago."""
    offset = f" offset {duration(ago)}" if ago else ""
    return f"increase({selector}[{duration(seconds)}]{offset})"


def since_birth(selector: str, seconds: int) -> str:
    """Return by how much a counter grew, from 0 if it began within the window.

    One that begins with its first event shows no increase by it. That it was not there before says
    something only of a target that was.
    """
    window = duration(seconds)
    born = f"({selector} unless {selector} offset {window})"
    watched = f"(up offset {window} == 1)"
    return f"({born} and on (job, instance) {watched}) or {increase(selector, seconds)}"
