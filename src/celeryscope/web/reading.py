"""What the store says about some tasks over one span: all that a page is built from."""

from collections.abc import Sequence
from dataclasses import dataclass

from celeryscope.sketch import Distributions, Floats
from celeryscope.store.protocol import Series, Store, Timers, Window
from celeryscope.web.activity import Activity, activity
from celeryscope.web.catalog import Task
from celeryscope.web.ranges import Span, whole

RUN_TIME, WAIT = 0, 1
_ENOUGH = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The runs of some tasks, and the groups RUN_TIME and WAIT of all their times together.

    `points` intervals are finished.
    """

    activity: Activity
    times: Timers
    points: int

    @property
    def window(self) -> Window:
        return self.activity.window

    def cells(self, group: int) -> Distributions:
        """Return one group's cells, an interval each."""
        first = group * self.times.points
        return self.times.cells.part(first, first + self.times.points)

    def percentile(self, percent: float, group: int) -> float:
        """Return the true percentile of a group over the whole span; NaN where nothing ran."""
        return float(self.cells(group).merged().percentile(percent)[0])

    def comparable(self, now: "Reading") -> bool:
        """Tell whether the server listened long enough to compare `now` with."""
        return self.activity.seconds >= _ENOUGH * now.activity.seconds > 0


def read(store: Store, tasks: Sequence[Task], span: Span) -> Reading:
    """Read a span for its charts."""
    reading = _read(store, tasks, span.window(store))
    points = finished(reading.window, reading.activity.covered, span)
    return Reading(reading.activity, reading.times, points)


def read_before(store: Store, tasks: Sequence[Task], span: Span) -> Reading:
    """Read the span of equal length before, as a whole."""
    return _read(store, tasks, span.before().coarse_window(store))


def finished(window: Window, covered: Floats, span: Span) -> int:
    """Return how many intervals to draw: all but one that is still being filled.

    Where only that one has data it is drawn, since its rates and percentiles are true so far.
    """
    filling = span.follows and window.end > span.end and covered[-1] < window.step
    return window.points - 1 if filling and covered[:-1].any() else window.points


def times_by_task(store: Store, tasks: Sequence[Task], window: Window) -> Distributions:
    """Return one cell of run times a task, over the whole window."""
    groups = [_timers([task], "runtime") for task in tasks]
    return store.timers(groups, whole(window)).cells


def _read(store: Store, tasks: Sequence[Task], window: Window) -> Reading:
    together = [_timers(tasks, "runtime"), _timers(tasks, "wait")]
    times = store.timers(together, window)
    return Reading(activity(store, tasks, window), times, window.points)


def _timers(tasks: Sequence[Task], leaf: str) -> list[Series]:
    return [task.timers[leaf] for task in tasks if leaf in task.timers]
