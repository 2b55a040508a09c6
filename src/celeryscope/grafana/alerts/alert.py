"""An alert: what it tells, and how it is found out in Graphite's language and in PromQL."""

from dataclasses import dataclass, field
from enum import Enum

RUNBOOKS = "https://github.com/celeryscope/celeryscope/blob/main/docs/alerts"
"""Where the pages of docs/alerts are on the web."""

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


class Severity(str, Enum):
    """Whom an alert is for: `critical` wakes somebody up, `warning` waits for office hours."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Query:
    """A Graphite target over `seconds` that ended `ago` seconds ago, in at most `points` points.

    The last point of each of its series is what a condition calls `$name`; a missing one is 0.
    """

    name: str
    target: str
    seconds: int
    ago: int = 0
    points: int = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus works out ahead, and keeps under a name of its own."""

    name: str
    expression: str
    labels: dict[str, str] = field(default_factory=dict)
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; it fires when its condition has held for `hold` seconds.

    Texts may say `{subject}`, the value of the label `subject`: the task, queue or worker that is
    meant ("" if there is none). `runbook` is the name of its page, `panel` the dashboard and the
    panel that show what it is about. `slow` ones look so far back that once in a few minutes is
    often enough. One that is `dead_man` fires without data, too.
    """

    name: str
    severity: Severity
    title: str
    summary: str
    description: str
    hold: int
    runbook: str
    panel: tuple[str, str]
    queries: tuple[Query, ...]
    condition: str
    expression: str
    subject: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    slow: bool = False
    dead_man: bool = False

    @property
    def runbook_url(self) -> str:
        return f"{RUNBOOKS}/{self.runbook}.md"


def duration(seconds: int) -> str:
    """Return a time as both Grafana and Prometheus write it, in its largest whole unit."""
    letter, size = next(
        ((letter, size) for letter, size in _UNITS if seconds and seconds % size == 0), ("s", 1)
    )
    return f"{seconds // size}{letter}"


def number(value: float) -> str:
    """Return a number as it stands in conditions and expressions."""
    return f"{value:.6f}".rstrip("0").removesuffix(".")


def percent(share: float) -> str:
    """Return a share as texts say it."""
    return f"{100 * share:g}%"
