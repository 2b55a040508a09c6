"""Plain series: points of which the one last written counts, rolled up by each series' method.

A row's `written` says which of several for one step came last. A step's value in a coarser tier
is made of the values of the next finer tier; `samples` weighs averages, so that the average over
a day is that of its points, not one of averages.
"""

from dataclasses import dataclass
from typing import Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from celeryscope.store.archive import Archive
from celeryscope.store.database import insert
from celeryscope.store.holdings import Holdings
from celeryscope.store.schema import POINTS

Integers = NDArray[np.int64]


def counting(rows: str) -> str:
    """Return a query for those rows that count: the last written for each series and step."""
    return (
        "SELECT series, ts, arg_max(value, written) AS value, "  # noqa: S608 -- ours
        f"arg_max(samples, written) AS samples FROM ({rows}) GROUP BY series, ts"
    )


def merged(width: str, step: int) -> str:
    """Return the value of many rows, by `method`; each spans `width` seconds of `step`."""
    return (
        "CASE any_value(method) WHEN 'sum' THEN sum(value) "
        "WHEN 'min' THEN min(value) WHEN 'max' THEN max(value) "
        "WHEN 'last' THEN arg_max(value, ts) "
        f"WHEN 'avg_zero' THEN sum(value * {width}) / {step} "
        "WHEN 'absmax' THEN arg_max(value, abs(value)) "
        "WHEN 'absmin' THEN arg_min(value, abs(value)) "
        "ELSE sum(value * samples) / sum(samples) END"
    )


def next_write(cursor: duckdb.DuckDBPyConnection) -> int:
    """Return a `written` after all that were returned before; many below the next one are free."""
    [(number,)] = cursor.execute("SELECT nextval('writes')").fetchall()
    return int(number) << 32


@dataclass(frozen=True, slots=True)
class Rise:
    """From which table of steps of `finer` seconds to which one, of `step` seconds."""

    source: str
    finer: int
    target: str
    step: int

    @classmethod
    def within(cls, archive: Archive, finer: int, step: int) -> Self:
        return cls(archive.relation(POINTS, finer), finer, archive.relation(POINTS, step), step)

    def __call__(
        self, cursor: duckdb.DuckDBPyConnection, start: int, end: int, condition: str = "true"
    ) -> None:
        """Make the values of the steps in [start, end); `condition` may pick rows to use."""
        rows = f"ts >= {start} AND ts < {end} AND {condition}"
        cursor.execute(
            f"INSERT INTO {self.target} (series, ts, value, samples, written) "  # noqa: S608 -- ours
            f"SELECT *, {next_write(cursor)} FROM ({self.values(rows)})"
        )

    def values(self, condition: str) -> str:
        """Return a query for what the target's values are by the source's rows."""
        rows = f"SELECT * FROM {self.source} WHERE {condition}"  # noqa: S608 -- ours
        return (
            f"SELECT p.series, p.ts // {self.step} * {self.step} AS began, "  # noqa: S608 -- ours
            f"{merged(str(min(self.finer, self.step)), self.step)} AS value, "
            "sum(samples) AS samples "
            f"FROM ({counting(rows)}) p JOIN series ON series.id = p.series "
            "GROUP BY p.series, began "
            f"HAVING count(*) >= any_value(known) * {self.step // self.finer}"
        )


class Placement:
    """Puts points into the tiers of one archive."""

    def __init__(self, archive: Archive, held: Holdings, now: float) -> None:
        self._archive = archive
        self._held = held
        self._now = now

    def place(
        self,
        cursor: duckdb.DuckDBPyConnection,
        series: Integers,
        timestamps: Integers,
        values: NDArray[np.float64],
    ) -> int:
        """Store points, each in the finest tier that keeps its time; return how many none keeps.

        Steps that were rolled up already are rolled up again.
        """
        tiers = self._archive.tiers
        written = next_write(cursor)
        waiting = np.ones(series.size, dtype=np.bool_)
        for at, tier in enumerate(tiers):
            here = waiting & (timestamps >= self._oldest(at))
            waiting &= ~here
            if here.any():
                points = {
                    "series": series[here],
                    "ts": timestamps[here] // tier.step * tier.step,
                    "value": values[here],
                    "samples": np.ones(here.sum()),
                    "written": written + np.flatnonzero(here),
                }
                insert(cursor, self._archive.relation(POINTS, tier.step), points)
                self._roll_up_again(cursor, at, series[here], timestamps[here])
        return int(waiting.sum())

    def _oldest(self, at: int) -> float:
        """Return the oldest time of which a tier can take points."""
        tier, *coarser = self._archive.tiers[at:]
        since = max(self._held[tier.step].since, self._now - tier.retention)
        # What is rolled up again is made of all the finer steps, or it would lose some.
        return coarser[0].ceil(since) if coarser else tier.floor(since)

    def _roll_up_again(
        self,
        cursor: duckdb.DuckDBPyConnection,
        at: int,
        series: Integers,
        timestamps: Integers,
    ) -> None:
        tiers = self._archive.tiers
        for finer, tier in zip(tiers[at:], tiers[at + 1 :], strict=False):
            late = timestamps < self._held[tier.step].until
            if not late.any():
                return
            series, timestamps = _distinct(series[late], timestamps[late] // tier.step * tier.step)
            cursor.register("late", {"series": series, "ts": timestamps})
            start, end = int(timestamps.min()), int(timestamps.max()) + tier.step
            picked = f"(series, ts // {tier.step} * {tier.step}) IN (FROM late)"
            Rise.within(self._archive, finer.step, tier.step)(cursor, start, end, picked)
            cursor.unregister("late")


def _distinct(series: Integers, timestamps: Integers) -> tuple[Integers, Integers]:
    """Return the pairs without repetition; one number for both sorts ten times faster."""
    oldest = timestamps.min()
    span = int(timestamps.max() - oldest) + 1
    pairs = np.unique(series * span + (timestamps - oldest))
    return pairs // span, pairs % span + oldest
