"""Keeping what is stored when the retentions change."""

from dataclasses import replace
from itertools import pairwise

import duckdb

from celeryscope.store.archive import Archive
from celeryscope.store.holdings import FOREVER, Held, Holdings
from celeryscope.store.rollup import merge_between
from celeryscope.store.schema import DROP_TIER, FLUSHES
from celeryscope.store.tiers import Tier


def fit(cursor: duckdb.DuckDBPyConnection, archive: Archive, stored: Holdings) -> Holdings:
    """Fit what is stored to an archive's tiers; return what they hold then.

    Rows of a step that is no longer kept move into the finest tier that is a multiple of it; where
    there is none into the coarsest, each to where its step begins.
    """
    tiers = archive.tiers
    finest = tiers[0]
    held = {
        step: one if step == finest.step else _ended(cursor, archive, step, one)
        for step, one in stored.items()
    }
    for step in sorted(held.keys() - {tier.step for tier in tiers}, reverse=True):
        target = next((tier for tier in tiers if tier.step % step == 0), tiers[-1])
        held = _move(cursor, archive, step, target, held)
    newest = max((one.until for one in held.values()), default=0)
    start = held.get(finest.step, Held(finest.ceil(newest), FOREVER))
    held[finest.step] = finer = replace(start, until=FOREVER)
    for before, tier in pairwise(tiers):
        one = held.get(tier.step, Held(tier.floor(finer.since), 0))
        held[tier.step] = finer = replace(one, until=before.ceil(one.until))
    return held


def _ended(cursor: duckdb.DuckDBPyConnection, archive: Archive, step: int, one: Held) -> Held:
    """Give what was the finest tier's an end, as nothing more is written to it alone."""
    if one.until < FOREVER:
        return one
    flushes = archive.relation(FLUSHES, step)
    [(newest,)] = cursor.execute(f"SELECT max(ts) FROM {flushes}").fetchall()  # noqa: S608 -- ours
    return replace(one, until=one.since if newest is None else newest + step)


def _move(
    cursor: duckdb.DuckDBPyConnection, archive: Archive, step: int, target: Tier, held: Holdings
) -> Holdings:
    """Merge a step's rows into `target` where that has none yet, and drop its tables."""
    held = dict(held)
    moved = held.pop(step)
    into = held.get(target.step, Held(moved.until, moved.until))
    if moved.since < into.since:
        merge_between(cursor, archive, step, target.step, 0, min(into.since, moved.until))
    merge_between(cursor, archive, step, target.step, into.until, moved.until)
    cursor.execute(DROP_TIER.format(tier=archive.suffix(step)))
    cursor.execute("DELETE FROM ordered")  # rows came to where all was in order
    held[target.step] = Held(
        min(into.since, target.floor(moved.since)), max(into.until, moved.until)
    )
    return held
