"""The Overview: all selected tasks together, and each in a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celeryscope.sketch import Distributions
from celeryscope.store.protocol import Series, Store, Timers, Window
from celeryscope.web import charts
from celeryscope.web.activity import Activity, activity
from celeryscope.web.catalog import Task
from celeryscope.web.charts import Chart
from celeryscope.web.figures import RUN_TIME, UNKNOWN, WAIT, Figure, comparable, figures, totals
from celeryscope.web.ranges import Span, whole
from celeryscope.web.table import Table, table
from celeryscope.web.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What the page shows; `drawing` is what its script draws."""

    figures: list[Figure]
    charts: list[Chart]
    table: Table
    drawing: dict[str, Any]
    window: Window
    runs: float
    lost: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the store said about some tasks over one span.

    `steps` holds the groups RUN_TIME and WAIT of all tasks by interval, `summed` the same two
    over the whole span and then one group of run times a task.
    """

    activity: Activity
    steps: Timers
    summed: Timers
    points: int

    @property
    def window(self) -> Window:
        return self.activity.window

    def by_task(self) -> Distributions:
        """Return one cell of run times a task."""
        return self.summed.cells.part(WAIT + 1, self.summed.groups)

    def run_times(self) -> Distributions:
        """Return one cell of run times an interval, all tasks together."""
        first = RUN_TIME * self.steps.points
        return self.steps.cells.part(first, first + self.steps.points)

    def charts(self) -> list[Chart]:
        """Return the charts that both pages draw."""
        return [
            charts.throughput(self.activity),
            charts.failure_ratio(self.activity),
            charts.percentiles("runtime", "Run time", self.steps, RUN_TIME),
            charts.percentiles("wait", "Wait in queue", self.steps, WAIT),
        ]


def overview(store: Store, tasks: Sequence[Task], view: View, span: Span) -> Overview:
    """Read and build the page of the selected tasks."""
    reading = read(store, tasks, span)
    drawn = reading.charts()
    return Overview(
        figures=figures_of(store, tasks, span, reading),
        charts=[chart for chart in drawn if chart.drawn],
        table=table(tasks, reading.activity, reading.by_task(), view),
        drawing=charts.drawing(drawn, reading.window, reading.points, follows=span.follows),
        window=reading.window,
        runs=float(reading.activity.ended.sum()),
        lost=reading.activity.lost,
    )


def read(store: Store, tasks: Sequence[Task], span: Span) -> Reading:
    """Ask the store for all that a page about `tasks` needs."""
    window = span.window(store)
    together = [_timers(tasks, "runtime"), _timers(tasks, "wait")]
    by_task = [_timers([task], "runtime") for task in tasks]
    done = activity(store, tasks, window)
    return Reading(
        activity=done,
        steps=store.timers(together, window),
        summed=store.timers([*together, *by_task], whole(window)),
        points=charts.finished(window, done.covered, span),
    )


def figures_of(store: Store, tasks: Sequence[Task], span: Span, reading: Reading) -> list[Figure]:
    """Build the figures, each against the span of equal length before."""
    earlier = whole(span.before().window(store))
    before = activity(store, tasks, earlier)
    compared = UNKNOWN
    if comparable(before, reading.activity):
        together = [_timers(tasks, "runtime"), _timers(tasks, "wait")]
        compared = totals(before, store.timers(together, earlier))
    now = totals(reading.activity, reading.summed)
    return figures(now, compared, reading.activity, reading.steps, reading.points)


def _timers(tasks: Sequence[Task], leaf: str) -> list[Series]:
    return [task.timers[leaf] for task in tasks if leaf in task.timers]
