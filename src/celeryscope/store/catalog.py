"""The series that are known: their numbers, their names as trees, and their rows in the file."""

from collections.abc import Sequence

import duckdb
import numpy as np

from celeryscope.metrics import Kind
from celeryscope.store.database import insert
from celeryscope.store.protocol import Node, Series
from celeryscope.store.tree import NameTree


class Catalog:
    """Finds series and numbers new ones; a number is never given twice."""

    def __init__(self) -> None:
        self._tree = NameTree()
        self._next = 0

    def __len__(self) -> int:
        return len(self._tree)

    def load(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Read all series that the file has."""
        for row in cursor.execute("SELECT id, kind, name, first_seen FROM series").fetchall():
            self._tree.add(Series(row[0], Kind(row[1]), row[2], row[3]))
            self._next = max(self._next, row[0] + 1)

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        return self._tree.find(kind, pattern)

    def newcomers(self, since: float) -> "Newcomers":
        return Newcomers(self._tree, self._next, int(since))

    def add(self, newcomers: "Newcomers") -> None:
        """Make series known once they are stored."""
        for series in newcomers.series:
            self._tree.add(series)
        self._next += len(newcomers.series)


class Newcomers:
    """Numbers the series of one write, new ones first seen at `since`."""

    def __init__(self, known: NameTree, first: int, since: int) -> None:
        self._known = known
        self._first = first
        self._since = since
        self._new: dict[tuple[Kind, str], Series] = {}

    @property
    def series(self) -> list[Series]:
        return list(self._new.values())

    def identify(self, kind: Kind, name: str) -> Series:
        series = self._known.get(kind, name) or self._new.get((kind, name))
        if series is None:
            series = Series(self._first + len(self._new), kind, name, self._since)
            self._new[kind, name] = series
        return series

    def store(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Add the new ones' rows to the file."""
        new = self.series
        columns = {
            "id": np.array([one.id for one in new], dtype=np.int32),
            "kind": np.array([one.kind.value for one in new], dtype=object),
            "name": np.array([one.name for one in new], dtype=object),
            "first_seen": np.array([one.first_seen for one in new], dtype=np.int64),
        }
        insert(cursor, "series", columns)
