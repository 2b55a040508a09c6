"""Checking a store: what is rolled up against the finer rows, and every row against the names."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from celeryscope.store.archive import Archive
from celeryscope.store.archives import Archives
from celeryscope.store.holdings import Holdings
from celeryscope.store.points import Rise, counting
from celeryscope.store.schema import BINS, MERGED, POINTS, SCALARS, TIMERS, Table
from celeryscope.store.tiers import Tier

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows of a table were compared, and how many of them are wrong in some way."""

    relation: str
    what: str
    compared: int
    wrong: int


def checks(cursor: duckdb.DuckDBPyConnection, archives: Archives) -> Iterator[Finding]:
    """Compare one table after the other; reading also tests the file's own checksums."""
    yield _distinct_series(cursor)
    for archive in archives:
        for tier in archive.tiers:
            for table in (SCALARS, TIMERS, BINS, POINTS):
                yield _readable(cursor, archive.relation(table, tier.step), table)
        for finer, tier in pairwise(archive.tiers):
            between = _both_hold(archives.held[archive.id], finer, tier)
            for table in MERGED:
                yield _rolled_up(cursor, archive, table, (finer, tier), between)
            yield _points_rolled_up(cursor, archive, (finer, tier), between)


def _distinct_series(cursor: duckdb.DuckDBPyConnection) -> Finding:
    query = "SELECT count(*), count(*) - count(DISTINCT id) FROM series"
    [(compared, wrong)] = cursor.execute(query).fetchall()
    return Finding("series", "numbers given twice", compared, wrong)


def _readable(cursor: duckdb.DuckDBPyConnection, relation: str, table: Table) -> Finding:
    """Read every value, so that the file's checksums are compared, and each row's series."""
    query = (
        "SELECT count(*), count(*) FILTER (id IS NULL), "  # noqa: S608 -- ours
        f"bit_xor(hash({table.all_columns})) "
        f"FROM {relation} LEFT JOIN series ON id = {relation}.series"
    )
    [(compared, wrong, _)] = cursor.execute(query).fetchall()
    return Finding(relation, "rows of no known series", compared, wrong)


def _both_hold(held: Holdings, finer: Tier, tier: Tier) -> str:
    start = max(tier.ceil(held[finer.step].since), held[tier.step].since)
    return f"ts >= {start} AND ts < {held[tier.step].until}"


def _rolled_up(
    cursor: duckdb.DuckDBPyConnection,
    archive: Archive,
    table: Table,
    tiers: tuple[Tier, Tier],
    between: str,
) -> Finding:
    """Merge both tiers' rows into steps of the coarser; they must be the same."""
    step = tiers[1].step
    keys = (*table.keys, "began")
    columns = (f"{sql} AS {name}" for sql, name in zip(table.merged, table.columns, strict=True))
    select = ", ".join((*table.keys, f"ts // {step} * {step} AS began", *columns))
    groups = ", ".join(map(str, range(1, len(keys) + 1)))
    fine, coarse = (
        f"SELECT {select} FROM {archive.relation(table, tier.step)} "  # noqa: S608 -- ours
        f"WHERE {between} GROUP BY {groups}"
        for tier in tiers
    )
    relation = archive.relation(table, step)
    return _compare(cursor, relation, (fine, coarse), keys, table.columns)


def _points_rolled_up(
    cursor: duckdb.DuckDBPyConnection, archive: Archive, tiers: tuple[Tier, Tier], between: str
) -> Finding:
    rise = Rise.within(archive, tiers[0].step, tiers[1].step)
    rows = counting(f"SELECT * FROM {rise.target} WHERE {between}")  # noqa: S608 -- ours
    coarse = f"SELECT series, ts AS began, value, samples FROM ({rows})"  # noqa: S608 -- ours
    values = ("value", "samples")
    return _compare(
        cursor, rise.target, (rise.values(between), coarse), ("series", "began"), values
    )


def _compare(
    cursor: duckdb.DuckDBPyConnection,
    relation: str,
    queries: tuple[str, str],
    keys: tuple[str, ...],
    columns: tuple[str, ...],
) -> Finding:
    fine, coarse = queries
    differs = " OR ".join(
        f"(a.{one} IS NULL) <> (b.{one} IS NULL) "
        f"OR abs(a.{one} - b.{one}) > {_TOLERANCE} * greatest(1, abs(a.{one}))"
        for one in columns
    )
    query = (
        f"SELECT count(*), count(*) FILTER ({differs}) "  # noqa: S608 -- ours
        f"FROM ({fine}) a FULL JOIN ({coarse}) b USING ({', '.join(keys)})"
    )
    [(compared, wrong)] = cursor.execute(query).fetchall()
    return Finding(relation, "rows unlike their finer ones", compared, wrong)
