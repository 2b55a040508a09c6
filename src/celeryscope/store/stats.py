"""What a store holds, table by table, and what that takes."""

from dataclasses import dataclass

import duckdb

from celeryscope.store.archives import Archives
from celeryscope.store.schema import TABLES

_BLOCKS = "SELECT count(DISTINCT block_id) FROM pragma_storage_info(?) WHERE block_id >= 0"


@dataclass(frozen=True, slots=True)
class TableStats:
    """One table of a tier: its rows, the bytes of its blocks, its oldest and newest step."""

    archive: int
    step: int
    retention: int
    table: str
    rows: int
    bytes: int
    oldest: int | None
    newest: int | None


def series_by_kind(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many series of each kind are known."""
    return dict(
        cursor.execute("SELECT kind, count(*) FROM series GROUP BY 1 ORDER BY 1").fetchall()
    )


def tables(cursor: duckdb.DuckDBPyConnection, archives: Archives) -> list[TableStats]:
    """Return what each table holds; small tables may share a block, which counts for each."""
    [(block_bytes,)] = cursor.execute("SELECT block_size FROM pragma_database_size()").fetchall()
    found = []
    for archive in archives:
        for tier in archive.tiers:
            for table in TABLES:
                relation = archive.relation(table, tier.step)
                [(rows, oldest, newest)] = cursor.execute(
                    f"SELECT count(*), min(ts), max(ts) FROM {relation}"  # noqa: S608 -- ours
                ).fetchall()
                [(blocks,)] = cursor.execute(_BLOCKS, [relation]).fetchall()
                used = blocks * block_bytes
                of_tier = (archive.id, tier.step, tier.retention)
                found.append(TableStats(*of_tier, table.name, rows, used, oldest, newest))
    return found
