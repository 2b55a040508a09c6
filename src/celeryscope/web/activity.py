"""How the runs of some tasks ended over a window, as counts and as rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from celeryscope.metrics import Family, Kind
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Series, Store, Window
from celeryscope.web.catalog import Task, counters

OUTCOMES = ("success", "retry", "failure")
_SUCCESS, _RETRY, _FAILURE = range(3)
_LOST = ([Family.SELF.value, "client", "dropped"], [Family.SELF.value, "dropped", "*"])


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Ended runs of some tasks together: `ended` has the shape (outcomes, points).

    `covered` holds the seconds of each interval in which the server listened, `lost` the
    datagrams that are known to be missing from the window.
    """

    window: Window
    covered: Floats
    ended: Floats
    lost: float

    @property
    def seconds(self) -> float:
        return float(self.covered.sum())

    @property
    def runs(self) -> float:
        return float(self.ended.sum())

    def rates(self) -> Floats:
        """Return the ends a second as an array (outcomes, points); NaN is a gap."""
        return ratio(self.ended, self.covered)

    def rate(self) -> float:
        return float(ratio(self.ended.sum(), self.covered.sum()))

    def failed_by_interval(self) -> Floats:
        return failed(self.ended)

    def failed_ratio(self) -> float:
        return float(failed(self.ended.sum(axis=1)))


def activity(store: Store, tasks: Sequence[Task], window: Window) -> Activity:
    """Read how the runs of `tasks` ended, and what was lost meanwhile."""
    ends = [counters(tasks, leaf) for leaf in OUTCOMES]
    *ended, missing = store.totals([*ends, lost(store)], window)
    return Activity(window, store.covered(window), np.stack(ended), float(missing.sum()))


def lost(store: Store) -> list[Series]:
    """Return the counters of lost datagrams."""
    nodes = (node for pattern in _LOST for node in store.find(Kind.COUNTER, pattern))
    return [node.series for node in nodes if node.series]


def failed(ended: Floats) -> Floats:
    """Return the share of failures among final ends, by outcome first; a retry is no end."""
    return ratio(ended[_FAILURE], ended[_SUCCESS] + ended[_FAILURE])


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, NaN where the whole is nothing."""
    safe = np.where(whole > 0, whole, np.nan)
    return np.asarray(part / safe)
