"""Moving series from one archive to another when the patterns change."""

from dataclasses import replace

import duckdb

from celeryscope.store.archive import Archive
from celeryscope.store.holdings import FOREVER, Held, Holdings
from celeryscope.store.points import Rise
from celeryscope.store.reader import Source, spans_of
from celeryscope.store.schema import BINS, FLUSHES, MERGED, POINTS, SCALARS, TIMERS, merge
from celeryscope.store.tiers import Tier

_MOVED = "series IN (SELECT id FROM moved)"


def begin_like(
    cursor: duckdb.DuckDBPyConnection, archive: Archive, model: Archive, stored: Holdings
) -> Holdings:
    """Let a new archive hold the time that `model` holds: the server listened then."""
    newest = max(_ended(cursor, model, stored), *(_finite(one.until) for one in stored.values()))
    held: Holdings = {}
    for tier in archive.tiers:
        usable = _usable(model, tier)
        since = tier.ceil(min(stored[one.step].since for one in usable))
        held[tier.step] = Held(since, max(tier.floor(newest), since))
        for span in spans_of(usable, stored, 0, held[tier.step].until):
            source, target = (
                model.relation(FLUSHES, span.step),
                archive.relation(FLUSHES, tier.step),
            )
            cursor.execute(merge(FLUSHES, source, target, tier.step), [span.start, span.end])
    finest = archive.tiers[0].step
    held[finest] = replace(held[finest], until=FOREVER)
    return held


def move(
    cursor: duckdb.DuckDBPyConnection,
    origin: tuple[Archive, Holdings],
    target: tuple[Archive, Holdings],
) -> None:
    """Move the rows of the series in the relation `moved` into the steps of another archive.

    A row of a step that does not go into the finest new one is placed where its step begins.
    """
    archive, stored = origin
    into, held = target
    for tier in into.tiers:
        for span in _spans(archive, stored, tier, held[tier.step].until):
            _copy(cursor, archive, span, into, tier.step)
    for step in stored:
        for table in (SCALARS, TIMERS, BINS, POINTS):
            relation = archive.relation(table, step)
            cursor.execute(f"DELETE FROM {relation} WHERE {_MOVED}")  # noqa: S608 -- ours


def _copy(
    cursor: duckdb.DuckDBPyConnection, archive: Archive, span: Source, into: Archive, step: int
) -> None:
    for table in MERGED:
        if table is not FLUSHES:
            names = archive.relation(table, span.step), into.relation(table, step)
            cursor.execute(merge(table, *names, step, _MOVED), [span.start, span.end])
    source, target = archive.relation(POINTS, span.step), into.relation(POINTS, step)
    Rise(source, span.step, target, step)(cursor, span.start, span.end, _MOVED)


def _spans(archive: Archive, stored: Holdings, tier: Tier, until: int) -> list[Source]:
    """Return what to make the rows of `tier` of: where finer rows are gone, of coarser ones."""
    usable = _usable(archive, tier)
    spans = []
    for coarser in archive.tiers:
        if coarser.step > usable[-1].step:
            start = min(coarser.ceil(min(stored[one.step].since for one in usable)), until)
            spans += spans_of(usable, stored, start, until)
            usable, until = [coarser], start
    return spans + spans_of(usable, stored, 0, until)


def _usable(archive: Archive, tier: Tier) -> list[Tier]:
    """Return the tiers whose steps go into those of `tier`; the finest if none does."""
    return [one for one in archive.tiers if tier.step % one.step == 0] or [archive.tiers[0]]


def _ended(cursor: duckdb.DuckDBPyConnection, archive: Archive, stored: Holdings) -> int:
    """Return the end of the newest step that holds a flush."""
    finest = min(stored)
    flushes = archive.relation(FLUSHES, finest)
    [(newest,)] = cursor.execute(f"SELECT max(ts) FROM {flushes}").fetchall()  # noqa: S608 -- ours
    return 0 if newest is None else int(newest) + finest


def _finite(until: int) -> int:
    return 0 if until == FOREVER else until
