"""What each of some tasks did over one window: its ends, its pace and its run times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from celeryscope.sketch import Distributions, Floats
from celeryscope.store.protocol import Store, Window
from celeryscope.web.activity import OUTCOMES, failed, ratio
from celeryscope.web.catalog import Task, counters, timers

_STRETCHES = 60


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Arrays of an entry a task.

    `ended` holds the runs as (outcomes, tasks), `rates` the runs a second as (tasks, stretches)
    with NaN for a gap, `times` one cell of run times each.
    """

    ended: Floats
    rates: Floats
    times: Distributions

    def runs(self) -> Floats:
        runs: Floats = self.ended.sum(axis=0)
        return runs

    def failed(self) -> Floats:
        """Return the share of failures among the final ends; a retry is none."""
        return failed(self.ended)

    def total_time(self) -> Floats:
        """Return the time of all runs in ms, 0 where none is known."""
        return np.nan_to_num(self.times.mean() * self.times.count)


def tally(store: Store, tasks: Sequence[Task], window: Window) -> Tally:
    """Read a window, as a whole from the coarsest tier that gives it exactly."""
    whole = store.window(window.start, window.end, points=1)
    ends = [counters([task], leaf) for leaf in OUTCOMES for task in tasks]
    runs = [[one for leaf in OUTCOMES for one in counters([task], leaf)] for task in tasks]
    parts = stretches(window, _STRETCHES)
    return Tally(
        ended=store.totals(ends, whole).reshape(len(OUTCOMES), len(tasks)),
        rates=ratio(store.totals(runs, parts), store.covered(parts)),
        times=store.timers([timers([task], "runtime") for task in tasks], whole).cells,
    )


def stretches(window: Window, most: int) -> Window:
    """Merge a window's intervals into `most` at most; the oldest may be left out."""
    width = -(-window.points // most)
    points = window.points // width
    step = window.step * width
    return Window(window.end - step * points, step, points, window.tier)
