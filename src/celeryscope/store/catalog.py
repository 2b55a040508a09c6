"""The series that are known: their numbers, their names as trees, and their rows in the file."""

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import numpy as np
from numpy.typing import NDArray

from celeryscope.metrics import Kind
from celeryscope.store.archives import Archives
from celeryscope.store.database import insert
from celeryscope.store.patterns import Aggregation, aggregation_of
from celeryscope.store.protocol import Node, Series
from celeryscope.store.tagindex import TagIndex
from celeryscope.store.tree import NameTree


class Catalog:
    """Finds series and numbers new ones; a number is never given twice."""

    def __init__(self, archives: Archives, rules: Sequence[Aggregation]) -> None:
        self._archives = archives
        self._rules = rules
        self._tree = NameTree()
        self._next = 0
        self._kept_in: list[int] = []
        self._used: set[int] | None = None

    def __len__(self) -> int:
        return len(self._tree)

    def load(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Read all series that the file has."""
        query = "SELECT id, kind, name, first_seen, archive FROM series"
        for number, kind, *others in cursor.execute(query).fetchall():
            self._tree.add(Series(number, Kind(kind), *others))
            self._next = max(self._next, number + 1)
        for (following,) in cursor.execute("SELECT next_series FROM numbers").fetchall():
            self._next = max(self._next, following)
        self._kept_in = [0] * self._next
        for series in self._tree:
            self._kept_in[series.id] = series.archive

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        return self._tree.find(kind, pattern)

    @property
    def tags(self) -> TagIndex:
        return self._tree.tags

    def timers_between(self, first: int, last: int) -> int:
        """Return how many timers have numbers from `first` to `last`."""
        timers = tuple(self._tree.named(Kind.TIMER).values())
        return sum(first <= one.id <= last for one in timers)

    def newcomers(self, since: float) -> "Newcomers":
        return Newcomers(self, int(since))

    def known(self, kind: Kind) -> Mapping[str, Series]:
        return self._tree.named(kind)

    def new(self, number: int, kind: Kind, name: str, since: int) -> Series:
        """Return a series that is not known yet, the `number`-th of those."""
        archive = self._archives.of(kind, name)
        return Series(self._next + number, kind, name, since, archive)

    def add(self, newcomers: "Newcomers") -> None:
        """Make series known once they are stored."""
        for series in newcomers.series:
            self._tree.add(series)
        self._next += len(newcomers.series)
        self._kept_in += [series.archive for series in newcomers.series]

    def kept_in(self, newcomers: "Newcomers") -> NDArray[np.int32]:
        """Return the archive of each series by its number, new ones too."""
        added = [series.archive for series in newcomers.series]
        return np.array(self._kept_in + added, dtype=np.int32)

    def rule(self, series: Series) -> Aggregation | None:
        return aggregation_of(self._rules, series.name) if series.kind is Kind.PLAIN else None

    def use(self, series: Iterable[Series]) -> None:
        """Note what is written to while dead series are looked for."""
        if self._used is not None:
            self._used.update(one.id for one in series)

    def watch(self) -> None:
        """Begin to note what is written to."""
        self._used = set()

    def remove(self, cursor: duckdb.DuckDBPyConnection, numbers: Iterable[int]) -> list[Series]:
        """Delete series' rows in the file, but of those written to since `watch`."""
        used, self._used = self._used or set(), None
        dead = set(numbers) - used
        cursor.register("dead", {"id": np.array(sorted(dead), dtype=np.int32)})
        cursor.execute("DELETE FROM series WHERE id IN (SELECT id FROM dead)")
        cursor.unregister("dead")
        cursor.execute("DELETE FROM numbers")
        cursor.execute("INSERT INTO numbers VALUES (?)", [self._next])
        return [one for one in self._tree if one.id in dead]

    def forget(self, dead: Iterable[Series]) -> None:
        """Take series out of the names once they are out of the file."""
        for series in dead:
            self._tree.remove(series)


class Newcomers:
    """The series of one write; new ones, first seen at `since`, are numbered."""

    def __init__(self, catalog: Catalog, since: int) -> None:
        self._catalog = catalog
        self._since = since
        self._new: dict[tuple[Kind, str], Series] = {}

    @property
    def series(self) -> list[Series]:
        return list(self._new.values())

    def identify(self, kind: Kind, names: Iterable[str]) -> list[Series]:
        """Return the series of many names."""
        known = self._catalog.known(kind)
        found = [known.get(name) or self._numbered(kind, name) for name in names]
        self._catalog.use(found)
        return found

    def numbers(self, kind: Kind, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the series of many names, most of which come several times."""
        distinct = list(dict.fromkeys(names))
        found = self.identify(kind, distinct)
        by_name = {name: one.id for name, one in zip(distinct, found, strict=True)}
        return np.fromiter(map(by_name.__getitem__, names), np.int64, len(names))

    def store(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Add the new ones' rows to the file."""
        new = self.series
        rules = [self._catalog.rule(one) for one in new]
        columns = {
            "id": np.array([one.id for one in new], dtype=np.int32),
            "kind": np.array([one.kind.value for one in new], dtype=object),
            "name": np.array([one.name for one in new], dtype=object),
            "first_seen": np.array([one.first_seen for one in new], dtype=np.int64),
            "archive": np.array([one.archive for one in new], dtype=np.int32),
            "method": np.array([rule and rule.method for rule in rules], dtype=object),
            "known": np.array([rule.known if rule else np.nan for rule in rules]),
        }
        insert(cursor, "series", columns)

    def _numbered(self, kind: Kind, name: str) -> Series:
        series = self._new.get((kind, name))
        if series is None:
            series = self._catalog.new(len(self._new), kind, name, self._since)
            self._new[kind, name] = series
        return series
