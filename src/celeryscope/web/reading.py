"""What the store says about some tasks over one span: all that a page is built from."""

from collections.abc import Sequence
from dataclasses import dataclass

from celeryscope.sketch import Distributions, Floats
from celeryscope.store.protocol import Store, Timers, Window
from celeryscope.web.activity import Activity, activity
from celeryscope.web.catalog import Task, timers
from celeryscope.web.ranges import Span

RUN_TIME, WAIT = 0, 1
_ENOUGH = 0.9
_MARKEDLY_FEWER = 0.7
_FEWEST_POINTS = 30
_RUNS_AN_INTERVAL = 10
_LEAST_SHARE = 0.01


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
    """Read a span for its charts, in longer intervals where runs are few and far between."""
    window = span.window(store)
    done = activity(store, tasks, window)
    if (points := _worthwhile(done)) < _MARKEDLY_FEWER * window.points:
        done = activity(store, tasks, span.window(store, points))
    points = finished(done.window, done.covered, span)
    return Reading(done, _times(store, tasks, done.window), points)


def read_before(store: Store, tasks: Sequence[Task], span: Span) -> Reading:
    """Read the span of equal length before, as a whole."""
    window = span.before().coarse_window(store)
    return Reading(activity(store, tasks, window), _times(store, tasks, window), points=1)


def finished(window: Window, covered: Floats, span: Span) -> int:
    """Return how many intervals to draw: all but one that is still being filled.

    Where only that one has data it is drawn, since its rates and percentiles are true so far.
    """
    filling = span.follows and window.end > span.end and covered[-1] < window.step
    return window.points - 1 if filling and covered[:-1].any() else window.points


def _worthwhile(done: Activity) -> int:
    """Return the number of intervals that hold a few runs each."""
    listened = done.seconds / (done.window.step * done.window.points)
    runs = done.runs / max(listened, _LEAST_SHARE)
    return max(round(runs / _RUNS_AN_INTERVAL), _FEWEST_POINTS)


def _times(store: Store, tasks: Sequence[Task], window: Window) -> Timers:
    return store.timers([timers(tasks, "runtime"), timers(tasks, "wait")], window)
