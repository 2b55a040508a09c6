"""What is promised, and from which number on somebody is told: the one place where it is said.

A budget is what an objective leaves over: of 99 %, one run in a hundred. A burn of 1 uses it up in
just its period, thirty days; one of 14.4 uses two days' worth in an hour.
"""

from dataclasses import dataclass
from math import ceil

from celeryscope.grafana.alerts.alert import Severity

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that alerts compare with."""

    value: float
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Two windows over which a budget burns at least so fast; the short one ends the alert."""

    long: int
    short: int
    burn: float
    severity: Severity
    hold: int

    def share(self, objective: float) -> float:
        """Return the share of bad runs that burns an objective's budget so fast."""
        return round(self.burn * (1 - objective), 6)

    def least_runs(self, objective: float) -> int:
        """Return the runs of which that share is as many bad ones as it takes to tell."""
        return ceil(LEAST_BAD_RUNS.value / self.share(objective))


SUCCESS = Threshold(0.99, "share", "Objective: runs of a task that succeed, of those that end.")
IN_TIME = Threshold(0.99, "share", "Objective: runs of a queue that start in time.")
TIME_TO_START = Threshold(30, "s", "What is in time, for that objective.")
LEAST_BAD_RUNS = Threshold(5, "runs", "Fewer bad runs in the long window never burn a budget.")
LEAST_RUNS = Threshold(20, "runs", "Fewer ended runs in the long window never burn a budget.")

LONGEST_WAIT = Threshold(600, "s", "A run that waited longer is told of.")
GROWTH = Threshold(100, "messages", "A queue that grew by fewer in half an hour is let be.")
GROWTH_SHARE = Threshold(0.1, "share", "So is one that grew by less of what was published to it.")
UNHEARD = Threshold(5, "messages", "As many, and no run in 15 minutes: a queue without a worker.")

RETRIES = Threshold(50, "runs", "Fewer retries of a task in 15 minutes are no storm.")
RETRY_SHARE = Threshold(0.5, "share", "Nor is a smaller share of the runs that started.")
LOST_RUNS = Threshold(3, "runs", "As many runs lost with their process in half an hour.")
BEATS = Threshold(12, "messages", "Beat is missed if it sent as many in an hour, and then none.")
LOSSES = Threshold(10, "", "As many datagrams, lines, points or flushes lost in 5 minutes.")

THRESHOLDS = {
    name: value for name, value in dict(globals()).items() if isinstance(value, Threshold)
}

BURN_WINDOWS = (
    BurnWindow(HOUR, 5 * MINUTE, 14.4, Severity.CRITICAL, hold=2 * MINUTE),
    BurnWindow(6 * HOUR, 30 * MINUTE, 6, Severity.CRITICAL, hold=5 * MINUTE),
    BurnWindow(DAY, 2 * HOUR, 3, Severity.WARNING, hold=15 * MINUTE),
    BurnWindow(3 * DAY, 6 * HOUR, 1, Severity.WARNING, hold=30 * MINUTE),
)
