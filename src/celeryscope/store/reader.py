"""Reads windows out of the tiers: each span from the coarsest tier that has it already.

A tier holds all up to some time; what is newer is still in the finer tiers only. A source is one
such span, and merging the sources' rows by step gives the window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from celeryscope.metrics import Kind
from celeryscope.sketch import ZERO_BUCKET, Distributions, Floats
from celeryscope.store.archive import Archive
from celeryscope.store.holdings import Holdings
from celeryscope.store.protocol import Scalars, Series, Timers, Window
from celeryscope.store.schema import BINS, FLUSHES, SCALARS, TIMERS, Table
from celeryscope.store.tiers import Tier

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one tier from `start` to `end`."""

    step: int
    start: int
    end: int


def sources(archive: Archive, held: Holdings, window: Window) -> list[Source]:
    """Split a window into spans by the coarsest tier that holds each, edges by finer ones."""
    usable = [tier for tier in archive.tiers if tier.step <= window.tier]
    return _split(usable, held, window.start, window.end)


def _split(tiers: Sequence[Tier], held: Holdings, start: int, end: int) -> list[Source]:
    *finer, tier = tiers
    if start >= end:
        return []
    if not finer:
        return [Source(tier.step, start, end)]
    first = tier.ceil(start)
    last = tier.floor(min(end, held[tier.step].until))
    if first >= last:
        return _split(finer, held, start, end)
    return [
        *_split(finer, held, start, first),
        Source(tier.step, first, last),
        *_split(finer, held, last, end),
    ]


class Reader:
    """Answers one request on a cursor of its own."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        archive: Archive,
        spans: Sequence[Source],
        window: Window,
    ) -> None:
        self._archive = archive
        self._cursor = cursor
        self._spans = spans
        self._window = window
        self._groups = 0

    def covered(self) -> Floats:
        rows = self._read(f"SELECT {self._step} AS i, sum(seconds) AS v", FLUSHES, "GROUP BY 1")
        seconds = np.zeros(self._window.points)
        seconds[rows["i"].astype(np.intp)] = rows["v"]
        return seconds

    def scalars(self, series: Sequence[Series]) -> Scalars:
        self._want([[one] for one in series])
        rows = self._read(
            f"SELECT row, {self._step} AS i, {_merged(SCALARS)}", SCALARS, f"{_JOIN} GROUP BY 1, 2"
        )
        grid = {c: self._grid(len(series), rows, c) for c in SCALARS.columns}
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

    def timers(self, groups: Sequence[Sequence[Series]]) -> Timers:
        self._want(groups)
        cells = len(groups) * self._window.points
        rows = self._read(
            f"SELECT {self._cell} AS cell, {_merged(TIMERS)}", TIMERS, f"{_JOIN} GROUP BY 1"
        )
        bins = self._read(
            f"SELECT ({self._cell}) * {_KEYS_A_CELL} + bucket - {ZERO_BUCKET} AS key, "
            "sum(n)::BIGINT AS n",
            BINS,
            f"{_JOIN} GROUP BY 1",
        )
        return Timers(_distributions(cells, rows, bins), len(groups), self._window.points)

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
        pairs = [(one.id, row) for row, group in enumerate(groups) for one in group]
        table = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        rows = table[:, 1].astype(np.int64)
        self._cursor.register("wanted", {"series": table[:, 0], "row": rows})

    def _read(self, select: str, table: Table, rest: str) -> Columns:
        parts = " UNION ALL ".join(
            f"SELECT {table.all_columns} FROM {self._archive.relation(table, span.step)} "  # noqa: S608 -- ours
            f"WHERE ts >= {span.start} AND ts < {span.end}"
            for span in self._spans
        )
        return self._cursor.execute(f"{select} FROM ({parts}) {rest}").fetchnumpy()

    def _grid(self, height: int, rows: Columns, column: str) -> Floats:
        grid = np.full((height, self._window.points), np.nan)
        grid[rows["row"].astype(np.intp), rows["i"].astype(np.intp)] = rows[column]
        return grid

    def _idle(self, series: Sequence[Series], total: Floats) -> NDArray[np.bool_]:
        """Tell where a counter was known and the server listened, but nothing came."""
        ends = self._window.start + self._window.step * (1 + np.arange(self._window.points))
        seen = np.array([s.first_seen if s.kind is Kind.COUNTER else np.inf for s in series])
        known: NDArray[np.bool_] = ends[None, :] > seen[:, None]
        return np.isnan(total) & known & (self.covered() > 0)


_JOIN = "JOIN wanted USING (series)"
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
