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

    def covered(self) -> Floats:
        self._archives = {self._window.archive}
        rows = self._read(f"SELECT {self._step} AS i, sum(seconds) AS v", FLUSHES, "GROUP BY 1")
        seconds = np.zeros(self._window.points)
        seconds[rows["i"].astype(np.intp)] = rows["v"]
        return seconds

    def scalars(self, series: Sequence[Series]) -> Scalars:
        self._want([[one] for one in series])
        counted = all(one.kind is Kind.COUNTER for one in series)
        columns = _COUNTED if counted else SCALARS.columns
        rows = self._read(
            f"SELECT {self._cell} AS cell, {_merged(SCALARS, columns)}",
            SCALARS,
            f"{_JOIN} GROUP BY 1",
        )
        unknown = np.full((len(series), self._window.points), np.nan)
        grid = dict.fromkeys(SCALARS.columns, unknown) | {c: self._grid(rows, c) for c in columns}
        return Scalars(
            total=np.where(self._idle(series, grid["total"]), 0.0, grid["total"]),
            last=grid["last"],
            low=grid["low"],
            high=grid["high"],
            mean=grid["total"] / grid["samples"],
        )

    def totals(self, groups: Sequence[Sequence[Series]]) -> Floats:
        self._want(groups)
        rows = self._read(
            f"SELECT {self._cell} AS cell, sum(total) AS total", SCALARS, f"{_JOIN} GROUP BY 1"
        )
        totals = np.zeros(len(groups) * self._window.points)
        totals[rows["cell"].astype(np.intp)] = rows["total"]
        return totals.reshape(len(groups), self._window.points)

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
            f"FROM ({parts}) p {_JOIN} JOIN series ON series.id = p.series GROUP BY 1"
        ).fetchnumpy()
        return self._grid(rows, "value")

    def timers(self, groups: Sequence[Sequence[Series]]) -> Timers:
        self._want(groups)
        picked = self._picked_timers(groups)
        cells = len(groups) * self._window.points
        rows = self._read(
            f"SELECT {self._cell} AS cell, {_merged(TIMERS, TIMERS.columns)}",
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
        return _JOIN

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
        """Name the series to read; each group is a row of what is returned."""
        self._groups = len(groups)
        self._archives = {one.archive for group in groups for one in group}
        self._archives |= set() if self._archives else {self._window.archive}
        pairs = [(one.id, row) for row, group in enumerate(groups) for one in group]
        table = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        rows = table[:, 1].astype(np.int64)
        self._cursor.register("wanted", {"series": table[:, 0], "row": rows})

    def _read(self, select: str, table: Table, rest: str) -> Columns:
        parts = " UNION ALL ".join(
            f"SELECT {table.all_columns} FROM {archive.relation(table, span.step)} "  # noqa: S608
            f"WHERE {span.condition}"
            for archive, spans in map(self._spans, sorted(self._archives))
            for span in spans
        )
        return self._cursor.execute(f"{select} FROM ({parts}) {rest}").fetchnumpy()

    def _grid(self, rows: Columns, column: str) -> Floats:
        cells = np.full(self._groups * self._window.points, np.nan)
        cells[rows["cell"].astype(np.intp, copy=False)] = rows[column]
        return cells.reshape(self._groups, self._window.points)

    def _idle(self, series: Sequence[Series], total: Floats) -> NDArray[np.bool_]:
        """Tell where a counter was known and the server listened, but nothing came."""
        ends = self._window.start + self._window.step * (1 + np.arange(self._window.points))
        seen = np.array([s.first_seen if s.kind is Kind.COUNTER else np.inf for s in series])
        known: NDArray[np.bool_] = ends[None, :] > seen[:, None]
        return np.isnan(total) & known & (self.covered() > 0)


_JOIN = "JOIN wanted USING (series)"
_COUNTED = ("total",)
"""All that a counter's row has; each column less is a sixth of the time less."""
_MANY = 20
# Cell and bucket travel as one number: grouping by it takes half the time.
_KEYS_A_CELL = 2**16


def _merged(table: Table, columns: Sequence[str]) -> str:
    merged = dict(zip(table.columns, table.merged, strict=True))
    return ", ".join(f"coalesce({merged[c]}, 'nan'::DOUBLE) AS {c}" for c in columns)


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
