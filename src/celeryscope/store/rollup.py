"""Rolling finer tiers up into coarser ones, and keeping data when the tiers change."""

from collections.abc import Sequence
from itertools import pairwise

import duckdb

from celeryscope.store.schema import TABLES, roll_up
from celeryscope.store.tiers import Tier

Watermarks = dict[int, int]


def advance(
    cursor: duckdb.DuckDBPyConnection, tiers: Sequence[Tier], rolled: Watermarks, until: float
) -> Watermarks:
    """Roll up every step that ended by `until`; return the tiers' new watermarks."""
    rolled = dict(rolled)
    for finer, tier in pairwise(tiers):
        start = rolled.get(tier.step, _oldest(cursor, finer.step, tier))
        end = tier.floor(min(until, rolled.get(finer.step, until)))
        if start is None:
            return rolled
        rolled[tier.step] = max(start, end)
        if end > start:
            _merge(cursor, finer.step, tier.step, start, end)
    return rolled


def due(tiers: Sequence[Tier], rolled: Watermarks, until: float) -> bool:
    """Tell whether any step has ended that is not rolled up."""
    return any(tier.floor(until) > rolled.get(tier.step, -1) for tier in tiers[1:2])


def retire(
    cursor: duckdb.DuckDBPyConnection, tiers: Sequence[Tier], rolled: Watermarks
) -> Watermarks:
    """Move the rows of tiers that are no longer kept into the next coarser ones.

    A tier that no kept tier can be rolled up from stays as it is, unread.
    """
    rolled = dict(rolled)
    kept = {tier.step for tier in tiers}
    for step in sorted(_stored_steps(cursor) - kept, reverse=True):
        target = next((t for t in tiers if t.step > step and t.step % step == 0), None)
        if target is not None:
            _move(cursor, step, target, rolled, finest=target == tiers[0])
            rolled.pop(step, None)
    return rolled


def _move(
    cursor: duckdb.DuckDBPyConnection, step: int, target: Tier, rolled: Watermarks, *, finest: bool
) -> None:
    span = cursor.execute(f"SELECT min(ts), max(ts) FROM flushes_{step}").fetchone()  # noqa: S608
    if span is not None and span[0] is not None:
        start = target.floor(span[0]) if finest else rolled.get(target.step, target.floor(span[0]))
        end = target.floor(span[1]) + target.step
        if end > start:
            _merge(cursor, step, target.step, start, end)
            if not finest:
                rolled[target.step] = end
    for table in TABLES:
        cursor.execute(f"DROP TABLE {table.name}_{step}")


def _merge(cursor: duckdb.DuckDBPyConnection, finer: int, step: int, start: int, end: int) -> None:
    for table in TABLES:
        cursor.execute(roll_up(table, finer, step), [start, end])


def _oldest(cursor: duckdb.DuckDBPyConnection, step: int, tier: Tier) -> int | None:
    row = cursor.execute(f"SELECT min(ts) FROM flushes_{step}").fetchone()  # noqa: S608
    return None if row is None or row[0] is None else tier.floor(row[0])


def _stored_steps(cursor: duckdb.DuckDBPyConnection) -> set[int]:
    names = cursor.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'flushes_%'"
    ).fetchall()
    return {int(name.rpartition("_")[2]) for (name,) in names}
