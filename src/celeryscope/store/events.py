"""The events of a store: their table, and how it is read and pruned."""

from collections.abc import Sequence

import duckdb

from celeryscope.store.database import Database
from celeryscope.store.protocol import Event

_COLUMNS = "ts, what, tags, data, id"


class EventTable:
    """An `EventLog` in the DuckDB file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, event: Event) -> None:
        """Store an event in one transaction; it is durable and visible on return.

        Raises:
            StoreError: It could not be stored.
        """
        row = [event.when, event.what, list(event.tags), event.data]
        with self._database.exclusive, self._database.transaction("written") as cursor:
            cursor.execute(
                "INSERT INTO events (id, ts, what, tags, data) "
                "VALUES (nextval('event_ids'), ?, ?, ?::VARCHAR[], ?)",
                row,
            )

    def find(
        self, start: int, end: int, tags: Sequence[str], *, any_tag: bool, limit: int
    ) -> list[Event]:
        """Return at most so many events from `start` to `end`, both with it, ordered by time.

        They have all `tags`, or with `any_tag` one of them; without `tags` every event counts.

        Raises:
            StoreError: They could not be read.
        """
        query = f"SELECT {_COLUMNS} FROM events WHERE ts BETWEEN ? AND ?"  # noqa: S608 -- ours
        values: list[object] = [start, end]
        if tags:
            query += f" AND list_has_{'any' if any_tag else 'all'}(tags, ?::VARCHAR[])"
            values.append(list(tags))
        return self._read(f"{query} ORDER BY ts, id LIMIT ?", [*values, limit])

    def get(self, number: int) -> Event | None:
        """Return the event with an id, if there is one.

        Raises:
            StoreError: It could not be read.
        """
        query = f"SELECT {_COLUMNS} FROM events WHERE id = ?"  # noqa: S608 -- ours
        return next(iter(self._read(query, [number])), None)

    def _read(self, query: str, values: list[object]) -> list[Event]:
        with self._database.transaction("read") as cursor:
            rows = cursor.execute(query, values).fetchall()
        return [Event(when, what, tuple(tags), data, id_) for when, what, tags, data, id_ in rows]


def prune(cursor: duckdb.DuckDBPyConnection, before: float) -> None:
    """Drop the events that happened before a Unix time."""
    cursor.execute("DELETE FROM events WHERE ts < ?", [before])
