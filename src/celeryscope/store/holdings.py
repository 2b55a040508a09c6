"""What each tier holds, as the file says it."""

from dataclasses import dataclass

import duckdb

FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Held:
    """A tier holds every flush that began in [`since`, `until`); the finest has no `until`."""

    since: int
    until: int


Holdings = dict[int, Held]
"""What one archive holds, by the tier's step."""


def load(cursor: duckdb.DuckDBPyConnection, archive: int) -> Holdings:
    query = "SELECT step, held_since, held_until FROM tiers WHERE archive = ?"
    rows = cursor.execute(query, [archive]).fetchall()
    return {step: Held(since, until) for step, since, until in rows}


def save(cursor: duckdb.DuckDBPyConnection, held: dict[int, Holdings]) -> None:
    """Store what archives hold, by their numbers."""
    for archive, tiers in held.items():
        cursor.execute("DELETE FROM tiers WHERE archive = ?", [archive])
        for step, one in tiers.items():
            cursor.execute(
                "INSERT INTO tiers (archive, step, held_since, held_until) VALUES (?, ?, ?, ?)",
                [archive, step, one.since, one.until],
            )
