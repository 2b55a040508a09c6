"""Ordering closed periods by (series, time), so that one series' rows lie together on disk.

Flushes come ordered by time. A period whose rows are ordered by series instead is read for one
series at the cost of a few row groups, and takes less space. Periods are ordered in parts of a
bounded number of rows, each by a transaction of its own that deletes rows and appends the same
ones in order: writers and readers go on beside it. Rows that come too late for their period stay
where they are; every reader merges.
"""

from dataclasses import dataclass

import duckdb
import numpy as np

from celeryscope.store.archive import Archive
from celeryscope.store.holdings import FOREVER, Holdings
from celeryscope.store.points import counting
from celeryscope.store.schema import BINS, POINTS, SCALARS, TIMERS, Table

PERIOD_STEPS = 180
PART_ROWS = 250_000
_BEFORE_ALL = -1


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of [`start`, `end`) of the series above `after` up to `last`.

    `complete` tells that the period is in order when this part is.
    """

    table: Table
    relation: str
    start: int
    end: int
    after: int
    last: int
    complete: bool

    @property
    def condition(self) -> str:
        return (
            f"ts >= {self.start} AND ts < {self.end} "
            f"AND series > {self.after} AND series <= {self.last}"
        )


def next_part(
    cursor: duckdb.DuckDBPyConnection,
    archive: Archive,
    held: Holdings,
    now: float,
    rows: int = PART_ROWS,
) -> Part | None:
    """Return a part, of about so many rows, of the oldest closed period that is not in order."""
    for tier in archive.tiers:
        closed = min(held[tier.step].until, int(now) - 2 * tier.step)
        for table in (SCALARS, TIMERS, BINS, POINTS):
            relation = archive.relation(table, tier.step)
            until, after = _progress(cursor, relation)
            length = tier.step * PERIOD_STEPS
            if until + length <= closed:
                start = until if after > _BEFORE_ALL else _first(cursor, relation, until, length)
                if start + length <= closed:
                    last, complete = _last(cursor, relation, (start, start + length), after, rows)
                    return Part(table, relation, start, start + length, after, last, complete)
    return None


def order(cursor: duckdb.DuckDBPyConnection, part: Part) -> None:
    """Rewrite a part's rows ordered by series and time."""
    columns, keys = part.table.all_columns, ", ".join(("series", "ts", *part.table.keys[1:]))
    rows = f"FROM {part.relation} WHERE {part.condition}"
    chosen = f"SELECT {columns} {rows}"
    if part.table is POINTS:  # only what counts; what is written meanwhile has a larger number
        chosen = f"SELECT {columns} FROM (SELECT *, 0 AS written FROM ({counting(chosen)}))"  # noqa: S608
    cursor.execute(f"CREATE TEMP TABLE part AS {chosen} ORDER BY {keys}")
    cursor.execute(f"DELETE {rows}")
    cursor.execute(f"INSERT INTO {part.relation} ({columns}) FROM part")
    cursor.execute("DROP TABLE part")
    cursor.execute("DELETE FROM ordered WHERE relation = ?", [part.relation])
    progress = [part.end, _BEFORE_ALL] if part.complete else [part.start, part.last]
    cursor.execute("INSERT INTO ordered VALUES (?, ?, ?)", [part.relation, *progress])


def _progress(cursor: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int]:
    """Return before when all is in order, and from there on up to which series."""
    query = "SELECT until, series FROM ordered WHERE relation = ?"
    rows: list[tuple[int, int]] = cursor.execute(query, [relation]).fetchall()
    return rows[0] if rows else (0, _BEFORE_ALL)


def _first(cursor: duckdb.DuckDBPyConnection, relation: str, until: int, length: int) -> int:
    """Return the start of the first period from `until` on that has rows."""
    query = f"SELECT min(ts) FROM {relation} WHERE ts >= ?"  # noqa: S608 -- ours
    [(oldest,)] = cursor.execute(query, [until]).fetchall()
    return FOREVER if oldest is None else max(oldest // length * length, until)


def _last(
    cursor: duckdb.DuckDBPyConnection,
    relation: str,
    period: tuple[int, int],
    after: int,
    rows: int,
) -> tuple[int, bool]:
    """Return the last series that still fits into `rows`, and whether it is the period's last."""
    query = (
        f"SELECT series, count(*) AS n FROM {relation} "  # noqa: S608 -- ours
        "WHERE ts >= ? AND ts < ? AND series > ? GROUP BY series ORDER BY series"
    )
    found = cursor.execute(query, [*period, after]).fetchnumpy()
    if not found["series"].size:
        return after, True
    fitting = int(np.searchsorted(np.cumsum(found["n"]), rows, side="right"))
    at = max(fitting, 1) - 1
    return int(found["series"][at]), at == found["series"].size - 1
