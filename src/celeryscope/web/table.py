"""The table of tasks: one row each, in the order asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from celeryscope.sketch import Floats
from celeryscope.web.catalog import Task
from celeryscope.web.sparkline import sparkline
from celeryscope.web.tally import Tally
from celeryscope.web.view import View

_MOST_ROWS = 100
_MANY_FAILED = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One task: shares between 0 and 1, times in ms, NaN where there is nothing.

    `rates` are runs a second, `share` is the total time against the largest in the table.
    """

    task: Task
    rates: Floats
    runs: float
    failed: float
    p50: float
    p95: float
    p99: float
    total: float
    share: float

    @property
    def spark(self) -> Markup:
        return sparkline(self.rates, "throughput")

    @property
    def fails_much(self) -> bool:
        return self.failed >= _MANY_FAILED

    @property
    def rate(self) -> float:
        """The newest known rate."""
        known = self.rates[np.isfinite(self.rates)]
        return float(known[-1]) if known.size else math.nan


@dataclass(frozen=True, slots=True)
class Table:
    """The rows shown, how many there are in all, and how many tasks did not run."""

    rows: list[Row]
    of: int
    idle: int


def table(tasks: Sequence[Task], tally: Tally, view: View) -> Table:
    """Build the rows of the tasks that ran."""
    rows = [row for row in _rows(tasks, tally) if row.runs > 0]
    ordered = in_order(rows, view.column, descending=view.descending)
    shown = ordered if view.rows == "all" else ordered[:_MOST_ROWS]
    return Table(shown, of=len(rows), idle=len(tasks) - len(rows))


def in_order(rows: Sequence[Row], column: str, *, descending: bool) -> list[Row]:
    """Sort by a column, then by name; rows without a value come last either way."""
    by_name = sorted(rows, key=lambda row: row.task.name)
    if column == "task":
        return by_name[::-1] if descending else by_name
    sign = -1 if descending else 1
    return sorted(by_name, key=lambda row: _last_without_value(sign * getattr(row, column)))


def _rows(tasks: Sequence[Task], tally: Tally) -> list[Row]:
    total = tally.total_time()
    share = total / max(float(total.max(initial=0.0)), 1.0)
    columns = (
        tally.rates,
        tally.runs().tolist(),
        tally.failed().tolist(),
        *(tally.times.percentile(percent).tolist() for percent in (50, 95, 99)),
        total.tolist(),
        share.tolist(),
    )
    return [Row(*row) for row in zip(tasks, *columns, strict=True)]


def _last_without_value(value: float) -> tuple[bool, float]:
    return math.isnan(value), value
