"""Reads windows out of the tiers: each span from the coarsest tier that has it already.

A tier holds all up to some time; what is newer is still in the finer tiers only. A source is one
such span, and merging the sources' rows by step gives the window.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from celeryscope.metrics import Kind
from celeryscope.sketch import ZERO_BUCKET, Distributions, Floats
from celeryscope.store.archive import Archive
from celeryscope.store.holdings import Holdings
from celeryscope.store.points import counting, merged
from celeryscope.store.protocol import Scalars, Series, Timers, Window
from celeryscope.store.schema import BINS, FLUSHES, POINTS, SCALARS, TIMERS, Table
from celeryscope.store.tiers import Tier

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one tier from `start` to `end`."""

    step: int
    start: int
    end: int

    @property
    def condition(self) -> str:
        return f"ts >= {self.start} AND ts < {self.end}"


def sources(archive: Archive, held: Holdings, window: Window) -> list[Source]:
    """Split a window into spans by the coarsest tier that holds each, edges by finer ones.

    A window that was chosen for another archive may begin before what is held in its step here.
    """
    coarsest = window.tier
    if archive.id != window.archive:
        reaching = (one.step for one in archive.tiers if held[one.step].since <= window.start)
        coarsest = max(coarsest, next(reaching, archive.tiers[-1].step))
    usable = [tier for tier in archive.tiers if tier.step <= coarsest]
    return spans_of(usable, held, window.start, window.end)


def spans_of(tiers: Sequence[Tier], held: Holdings, start: int, end: int) -> list[Source]:
    """Split [start, end) by the coarsest of the tiers that holds each part."""
    *finer, tier = tiers
    if start >= end:
        return []
    if not finer:
        return [Source(tier.step, start, end)]
    first = tier.ceil(start)
    last = tier.floor(min(end, held[tier.step].until))
    if first >= last:
        return spans_of(finer, held, start, end)
    return [
        *spans_of(finer, held, start, first),
        Source(tier.step, first, last),
        *spans_of(finer, held, last, end),
    ]


Spans = Callable[[int], tuple[Archive, Sequence[Source]]]
"""Gives an archive by its number, and what to read of it."""


class Reader:
    """Answers one request on a cursor of its own."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        spans: Spans,
        window: Window,
        timers_between: Callable[[int, int], int],
    ) -> None:
        self._cursor = cursor
        self._spans = spans
        self._window = window
        self._timers_between = timers_between
        self._archives = {window.archive}
        self._groups = 0
        self._numbers = np.empty(0, dtype=np.int32)
        self._rows = np.empty(0, dtype=np.intp)

    def covered(self) -> Floats:
        self._archives = {self._window.archive}
        rows = self._read(f"SELECT {self._step} AS i, sum(seconds) AS v", FLUSHES, "GROUP BY 1")
        seconds = np.zeros(self._window.points)
        seconds[rows["i"].astype(np.intp)] = rows["v"]
        return seconds

    def scalars(self, series: Sequence[Series]) -> Scalars:
        self._want([[one] for one in series])
        if all(one.kind is Kind.COUNTER for one in series):
            return self._counted(series)
        rows = self._read(
            f"SELECT {self._cell} AS cell, {_merged(SCALARS)}",
            SCALARS,
            f"{self._joined()} GROUP BY 1",
        )
        grid = {column: self._grid(rows, column) for column in SCALARS.columns}
        return Scalars(
            total=self._with_idle(series, grid["total"]),
            last=grid["last"],
            low=grid["low"],
            high=grid["high"],
            mean=grid["total"] / grid["samples"],
        )

    def _counted(self, series: Sequence[Series]) -> Scalars:
        """Read counters, whose rows have but a total: that takes a third of the time."""
        sums, known = self._sums()
        total = self._with_idle(series, np.where(known, sums, np.nan))
        unknown = np.full_like(total, np.nan)
        return Scalars(total=total, last=unknown, low=unknown, high=unknown, mean=unknown)

    def totals(self, groups: Sequence[Sequence[Series]]) -> Floats:
        self._want(groups)
        sums, _ = self._sums()
        return sums

    def _sums(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the sum of each cell's totals, and where there are any."""
        cells, totals = self._totals()
        shape, size = (self._groups, self._window.points), self._groups * self._window.points
        known = np.bincount(cells, minlength=size) > 0
        sums: Floats = np.bincount(cells, weights=totals, minlength=size).astype(np.float64)
        return sums.reshape(shape), known.reshape(shape)

    def _totals(self) -> tuple[NDArray[np.intp], Floats]:
        """Return cells and what is to be summed in each.

        Rows of which few share a cell are summed here, in half of the time that DuckDB takes.
        """
        few = self._window.step == self._window.tier and self._groups >= self._numbers.size
        if few and self._is_range():
            return self._totals_in_range()
        value, rest = ("total", "") if few else ("sum(total)", " GROUP BY 1")
        rows = self._read(
            f"SELECT {self._cell} AS cell, {value} AS total", SCALARS, self._joined() + rest
        )
        return rows["cell"].astype(np.intp, copy=False), rows["total"].astype(np.float64)

    def _is_range(self) -> bool:
        """Tell whether the wanted series are most of those between the first and the last."""
        size = self._numbers.size
        if not size or np.unique(self._numbers).size < size:
            return False
        return bool(np.ptp(self._numbers) < 2 * size)

    def _totals_in_range(self) -> tuple[NDArray[np.intp], Floats]:
        """Read all between the first and the last series: without a join it takes half the time."""
        first, last = int(self._numbers.min()), int(self._numbers.max())
        row_of = np.full(last - first + 1, -1)
        row_of[self._numbers - first] = self._rows
        between = f" AND series BETWEEN {first} AND {last}"
        rows = self._rows_of(SCALARS, "series, ts, total", between)
        found = self._cursor.execute(rows).fetchnumpy()
        row = row_of[found["series"].astype(np.intp) - first]
        column = (found["ts"].astype(np.intp) - self._window.start) // self._window.step
        wanted = row >= 0
        cells = (row * self._window.points + column)[wanted]
        return cells, found["total"].astype(np.float64, copy=False)[wanted]

    def points(self, series: Sequence[Series]) -> Floats:
        self._want([[one] for one in series])
        wanted = "series IN (SELECT series FROM wanted)"
        parts = " UNION ALL ".join(
            f"SELECT *, {span.step} AS width FROM ({counting(rows)})"  # noqa: S608 -- ours
            for archive, spans in map(self._spans, sorted(self._archives))
            for span in spans
            for relation in [archive.relation(POINTS, span.step)]
            for rows in [f"SELECT * FROM {relation} WHERE {span.condition} AND {wanted}"]  # noqa: S608
        )
        rows = self._cursor.execute(
            f"SELECT {self._cell} AS cell, {merged('width', self._window.step)} AS value "  # noqa: S608
            f"FROM ({parts}) p {self._joined()} JOIN series ON series.id = p.series GROUP BY 1"
        ).fetchnumpy()
        return self._grid(rows, "value")

    def timers(self, groups: Sequence[Sequence[Series]]) -> Timers:
        self._want(groups)
        picked = self._picked_timers(groups)
        cells = len(groups) * self._window.points
        rows = self._read(
            f"SELECT {self._cell} AS cell, {_merged(TIMERS)}",
            TIMERS,
            f"{picked} GROUP BY 1",
        )
        bins = self._read(
            f"SELECT ({self._cell}) * {_KEYS_A_CELL} + bucket - {ZERO_BUCKET} AS key, "
            "sum(n)::BIGINT AS n",
            BINS,
            f"{picked} GROUP BY 1",
        )
        return Timers(_distributions(cells, rows, bins), len(groups), self._window.points)

    def _picked_timers(self, groups: Sequence[Sequence[Series]]) -> str:
        """Return what picks the wanted rows; a range of numbers takes half the time of a join."""
        numbers = {one.id for group in groups for one in group}
        if len(groups) == 1 and len(groups[0]) == len(numbers) >= _MANY:
            first, last = min(numbers), max(numbers)
            if self._timers_between(first, last) == len(numbers):
                return f"WHERE series BETWEEN {first} AND {last}"
        return self._joined()

    @property
    def _step(self) -> str:
        return f"(ts - {self._window.start}) // {self._window.step}"

    @property
    def _cell(self) -> str:
        """The cell of a row; all that is constant is left out, as it costs a third of the time."""
        if self._window.points == 1:
            return "row" if self._groups > 1 else "0"
        return f"row * {self._window.points} + {self._step}" if self._groups > 1 else self._step

    def _want(self, groups: Sequence[Sequence[Series]]) -> None:
        """Note the series to read; each group is a row of what is returned."""
        self._groups = len(groups)
        self._archives = {one.archive for group in groups for one in group}
        self._archives |= set() if self._archives else {self._window.archive}
        self._numbers = np.array([one.id for group in groups for one in group], dtype=np.int32)
        self._rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])

    def _joined(self) -> str:
        """Return what picks the wanted rows, each with its `row` of what is returned."""
        self._cursor.register("wanted", {"series": self._numbers, "row": self._rows})
        return "JOIN wanted USING (series)"

    def _read(self, select: str, table: Table, rest: str) -> Columns:
        parts = self._rows_of(table, table.all_columns)
        return self._cursor.execute(f"{select} FROM ({parts}) {rest}").fetchnumpy()

    def _rows_of(self, table: Table, columns: str, wanted: str = "") -> str:
        return " UNION ALL ".join(
            f"SELECT {columns} FROM {archive.relation(table, span.step)} "  # noqa: S608
            f"WHERE {span.condition}{wanted}"
            for archive, spans in map(self._spans, sorted(self._archives))
            for span in spans
        )

    def _grid(self, rows: Columns, column: str) -> Floats:
        cells = np.full(self._groups * self._window.points, np.nan)
        cells[rows["cell"].astype(np.intp, copy=False)] = rows[column]
        return cells.reshape(self._groups, self._window.points)

    def _with_idle(self, series: Sequence[Series], total: Floats) -> Floats:
        """Put 0 where a counter was known and the server listened, but nothing came."""
        seen = np.array([s.first_seen if s.kind is Kind.COUNTER else np.inf for s in series])
        ends = self._window.start + self._window.step * (1 + np.arange(self._window.points))
        idle = np.isnan(total) & (ends[None, :] > seen[:, None])
        return np.where(idle & (self.covered() > 0), 0.0, total) if idle.any() else total


_MANY = 20
# Cell and bucket travel as one number: grouping by it takes half the time.
_KEYS_A_CELL = 2**16


def _merged(table: Table) -> str:
    merged = zip(table.merged, table.columns, strict=True)
    return ", ".join(f"coalesce({sql}, 'nan'::DOUBLE) AS {column}" for sql, column in merged)


def _distributions(cells: int, rows: Columns, bins: Columns) -> Distributions:
    at = rows["cell"].astype(np.intp)
    order = np.argsort(bins["key"])  # in a fraction of the time that ORDER BY takes
    keys = bins["key"].astype(np.int64, copy=False)[order]

    def spread(column: str, missing: float = np.nan) -> Floats:
        values = np.full(cells, missing)
        values[at] = rows[column]
        return values

    return Distributions(
        count=spread("count", 0.0),
        samples=spread("samples", 0.0).astype(np.int64),
        sum=spread("sum"),
        sum_squares=spread("sum_squares"),
        min=spread("min"),
        max=spread("max"),
        offsets=np.searchsorted(keys, np.arange(cells + 1) * _KEYS_A_CELL),
        buckets=((keys & (_KEYS_A_CELL - 1)) + ZERO_BUCKET).astype(np.int16),
        counts=bins["n"].astype(np.int64, copy=False)[order],
    )
