"""The Overview: all selected tasks together, and each in a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celeryscope.store.protocol import Store, Window
from celeryscope.web import charts
from celeryscope.web.catalog import Task
from celeryscope.web.charts import Chart
from celeryscope.web.figures import Figure, figures
from celeryscope.web.ranges import Span
from celeryscope.web.reading import read, read_before
from celeryscope.web.table import Table, table
from celeryscope.web.tally import tally
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


def overview(store: Store, tasks: Sequence[Task], view: View, span: Span) -> Overview:
    """Read and build the page of the selected tasks."""
    reading = read(store, tasks, span)
    window, activity = reading.window, reading.activity
    drawn = charts.of(reading)
    return Overview(
        figures=figures(reading, read_before(store, tasks, span)),
        charts=[chart for chart in drawn if chart.drawn],
        table=table(tasks, tally(store, tasks, window), view),
        drawing=charts.drawing(drawn, window, reading.points, follows=span.follows),
        window=window,
        runs=activity.runs,
        lost=activity.lost,
    )
