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
"""What is held, by the tier's step."""


def load(cursor: duckdb.DuckDBPyConnection) -> Holdings:
    rows = cursor.execute("SELECT step, held_since, held_until FROM tiers").fetchall()
    return {step: Held(since, until) for step, since, until in rows}


def save(cursor: duckdb.DuckDBPyConnection, held: Holdings) -> None:
    cursor.execute("DELETE FROM tiers")
    for step, one in held.items():
        cursor.execute("INSERT INTO tiers VALUES (?, ?, ?)", [step, one.since, one.until])
