"""The page of one task: the Overview's charts, its run times in full and its exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from celeryscope.sketch import Floats
from celeryscope.store.protocol import Store, Window
from celeryscope.web import charts
from celeryscope.web.activity import ratio
from celeryscope.web.catalog import Task
from celeryscope.web.charts import Chart
from celeryscope.web.figures import Figure, figures
from celeryscope.web.heatmap import Heatmap, heatmap
from celeryscope.web.ranges import Span
from celeryscope.web.reading import RUN_TIME, read, read_before

_MOST_LINES = 4
_OTHERS = "others"


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One class of exceptions: its number of failures, and their share of all with a class.

    `key` is the look of its line in the chart.
    """

    key: str
    name: str
    failures: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class TaskPage:
    """What the page shows; `drawing` is what its script draws."""

    figures: list[Figure]
    charts: list[Chart]
    heatmap: Heatmap
    exceptions: list[ExceptionRow]
    exception_chart: Chart
    drawing: dict[str, Any]
    window: Window
    runs: float
    lost: float


def task_page(store: Store, task: Task, span: Span) -> TaskPage:
    """Read and build the page of one task."""
    reading = read(store, [task], span)
    window, drawn = reading.window, charts.of(reading)
    heat = heatmap(reading.cells(RUN_TIME))
    names, failures = _by_exception(store, task, window)
    chart = _chart(names, failures, reading.activity.covered)
    drawing = charts.drawing([*drawn, chart], window, reading.points, follows=span.follows)
    if heat.drawn:
        drawing["charts"]["heatmap"] = heat.data(window.start, window.step)
    return TaskPage(
        figures=figures(reading, read_before(store, [task], span)),
        charts=[chart for chart in drawn if chart.drawn],
        heatmap=heat,
        exceptions=_rows(names, failures),
        exception_chart=chart,
        drawing=drawing,
        window=window,
        runs=reading.activity.runs,
        lost=reading.activity.lost,
    )


def _by_exception(store: Store, task: Task, window: Window) -> tuple[list[str], Floats]:
    """Return the classes that came up, the most frequent first, and an array (classes, points)."""
    series = task.exceptions()
    failures = store.totals([[one] for one in series.values()], window)
    sums = failures.sum(axis=1)
    order = [int(place) for place in np.argsort(-sums, kind="stable") if sums[place] > 0]
    names = list(series)
    return [names[place] for place in order], failures[order]


def _rows(names: Sequence[str], failures: Floats) -> list[ExceptionRow]:
    sums = failures.sum(axis=1)
    shares = sums / max(float(sums.sum()), 1.0)
    columns = zip(names, sums.tolist(), shares.tolist(), strict=True)
    return [ExceptionRow(_look(place), *row) for place, row in enumerate(columns)]


def _chart(names: Sequence[str], failures: Floats, covered: Floats) -> Chart:
    """Stack the most frequent classes, and the others as one, with the first at the bottom."""
    labels = list(names[:_MOST_LINES])
    lines = failures[:_MOST_LINES]
    if len(names) > _MOST_LINES:
        labels.append(_OTHERS)
        lines = np.vstack([lines, failures[_MOST_LINES:].sum(axis=0)])
    keys = [_look(place) for place in range(len(labels))]
    per_second = ratio(lines[::-1], covered)
    return charts.rates("exceptions", "Failures by exception", keys[::-1], labels[::-1], per_second)


def _look(place: int) -> str:
    return f"e{min(place, _MOST_LINES)}"
