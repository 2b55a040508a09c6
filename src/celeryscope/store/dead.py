"""Finding the series of which no tier keeps anything any more."""

import duckdb

from celeryscope.store.archives import Archives
from celeryscope.store.schema import POINTS, SCALARS, TIMERS


def dead_series(cursor: duckdb.DuckDBPyConnection, archives: Archives) -> list[int]:
    """Return the numbers of the series without rows; where there are bins, there are timers."""
    kept = " UNION ALL ".join(
        f"SELECT series FROM {archive.relation(table, tier.step)}"  # noqa: S608 -- ours
        for archive in archives
        for tier in archive.tiers
        for table in (SCALARS, TIMERS, POINTS)
    )
    query = f"SELECT id FROM series ANTI JOIN ({kept}) kept ON kept.series = series.id"  # noqa: S608
    return [number for (number,) in cursor.execute(query).fetchall()]
