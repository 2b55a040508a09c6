"""How the runs of some tasks ended over a window, as counts and as rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from celeryscope.metrics import Family, Kind
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Series, Store, Window
from celeryscope.web.catalog import Task

OUTCOMES = ("success", "retry", "failure")
_SUCCESS, _RETRY, _FAILURE = range(3)
_LOST = ([Family.SELF.value, "client", "dropped"], [Family.SELF.value, "dropped", "*"])


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Ended runs of an array's tasks: `ended` has the shape (outcomes, tasks, points).

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

    def runs(self) -> Floats:
        """Return each task's ended runs."""
        runs: Floats = self.ended.sum(axis=(0, 2))
        return runs

    def failed(self) -> Floats:
        """Return each task's share of failures among its final ends; a retry is none."""
        return ratio(self.ended[_FAILURE].sum(axis=1), self._final().sum(axis=1))

    def rates(self) -> Floats:
        """Return all tasks' ends a second as an array (outcomes, points); NaN is a gap."""
        return ratio(self.ended.sum(axis=1), self.covered)

    def failed_by_interval(self) -> Floats:
        return ratio(self.ended[_FAILURE].sum(axis=0), self._final().sum(axis=0))

    def failed_ratio(self) -> float:
        return float(ratio(self.ended[_FAILURE].sum(), self._final().sum()))

    def rate(self) -> float:
        return float(ratio(self.ended.sum(), self.covered.sum()))

    def task_rates(self, points: int) -> Floats:
        """Return each task's runs a second in at most `points` equal stretches."""
        width = -(-self.covered.size // points)
        starts = np.arange(0, self.covered.size, width)
        runs = np.add.reduceat(self.ended.sum(axis=0), starts, axis=1)
        return ratio(runs, np.add.reduceat(self.covered, starts))

    def _final(self) -> Floats:
        final: Floats = self.ended[_SUCCESS] + self.ended[_FAILURE]
        return final


def activity(store: Store, tasks: Sequence[Task], window: Window) -> Activity:
    """Read how the runs of `tasks` ended, and what was lost meanwhile."""
    ends = [
        [task.counters[leaf]] if leaf in task.counters else []
        for leaf in OUTCOMES
        for task in tasks
    ]
    counted = counts(store, [*ends, lost(store)], window)
    return Activity(
        window=window,
        covered=store.covered(window),
        ended=counted[:-1].reshape(len(OUTCOMES), len(tasks), window.points),
        lost=float(counted[-1].sum()),
    )


def counts(store: Store, groups: Sequence[Sequence[Series]], window: Window) -> Floats:
    """Return the counters of each group summed: an array (groups, points)."""
    series = [one for group in groups for one in group]
    summed = np.zeros((len(groups), window.points))
    if series:
        owners = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        np.add.at(summed, owners, np.nan_to_num(store.scalars(series, window).total))
    return summed


def lost(store: Store) -> list[Series]:
    """Return the counters of lost datagrams."""
    nodes = (node for pattern in _LOST for node in store.find(Kind.COUNTER, pattern))
    return [node.series for node in nodes if node.series]


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, NaN where the whole is nothing."""
    safe = np.where(whole > 0, whole, np.nan)
    return np.asarray(part / safe)
