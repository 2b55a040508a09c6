"""Rolling finer tiers up into coarser ones, and dropping what is past its retention."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import duckdb

from celeryscope.store import schema
from celeryscope.store.archive import Archive
from celeryscope.store.holdings import Holdings
from celeryscope.store.points import Rise
from celeryscope.store.tiers import Tier

_PERIODS_A_RETENTION = 24


def due(tiers: Sequence[Tier], held: Holdings, now: float) -> bool:
    """Tell whether any step has ended that is not rolled up."""
    return any(tier.floor(now) > held[tier.step].until for tier in tiers[1:])


def roll_up(
    cursor: duckdb.DuckDBPyConnection, archive: Archive, held: Holdings, now: float
) -> Holdings:
    """Roll up every step that ended by `now`; return what the tiers hold then."""
    held = dict(held)
    for finer, tier in pairwise(archive.tiers):
        start = held[tier.step].until
        end = tier.floor(min(now, held[finer.step].until))
        if end > start:
            merge_between(cursor, archive, finer.step, tier.step, start, end)
            held[tier.step] = replace(held[tier.step], until=end)
    return held


def expired(tiers: Sequence[Tier], held: Holdings, now: float) -> dict[int, int]:
    """Return by step the time before which rows are to be dropped, where there may be any.

    Whole periods are dropped, and none that a coarser tier still needs.
    """
    cutoffs = {tier.step: _cutoff(tier, tiers, held, now) for tier in tiers}
    return {step: cutoff for step, cutoff in cutoffs.items() if cutoff > held[step].since}


def prune(
    cursor: duckdb.DuckDBPyConnection, archive: Archive, cutoffs: dict[int, int], held: Holdings
) -> Holdings:
    """Drop each step's rows before its cutoff; return what the tiers hold then."""
    held = dict(held)
    for step, cutoff in cutoffs.items():
        for table in schema.TABLES:
            relation = archive.relation(table, step)
            cursor.execute(f"DELETE FROM {relation} WHERE ts < ?", [cutoff])  # noqa: S608 -- ours
        held[step] = replace(held[step], since=cutoff)
    return held


def merge_between(
    cursor: duckdb.DuckDBPyConnection,
    archive: Archive,
    finer: int,
    step: int,
    start: int,
    end: int,
) -> None:
    """Merge the rows of the step `finer` in [start, end) into the tier of `step`."""
    for table in schema.MERGED:
        source, target = archive.relation(table, finer), archive.relation(table, step)
        cursor.execute(schema.merge(table, source, target, step), [start, end])
    Rise.within(archive, finer, step)(cursor, start, end)


def _cutoff(tier: Tier, tiers: Sequence[Tier], held: Holdings, now: float) -> int:
    period = max(tier.retention // _PERIODS_A_RETENTION // tier.step, 1) * tier.step
    cutoff = int((now - tier.retention) // period) * period
    coarser = (held[other.step].until for other in tiers if other.step > tier.step)
    return min([cutoff, *coarser])
