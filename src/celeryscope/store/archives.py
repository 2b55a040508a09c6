"""All archives of a store, opened as the schemas want them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import duckdb
import numpy as np

from celeryscope.metrics import Kind
from celeryscope.store import holdings, schema
from celeryscope.store.archive import Archive
from celeryscope.store.holdings import Holdings
from celeryscope.store.moves import begin_like, move
from celeryscope.store.patterns import (
    DEFAULT,
    Aggregation,
    Schema,
    aggregation_of,
    path_of,
    schema_of,
)
from celeryscope.store.points import Rise
from celeryscope.store.refit import fit
from celeryscope.store.tiers import Tier

_FIRST = 0
_MOVED = "series IN (SELECT id FROM moved)"


class Archives:
    """The archives by number, what each holds, and which one keeps a series."""

    def __init__(self, tiers: tuple[Tier, ...], schemas: Sequence[Schema]) -> None:
        self._tiers = {DEFAULT: tiers} | {one.name: one.tiers for one in schemas}
        self._schemas = schemas
        self._ids: dict[str, int] = {}
        self.by_id: dict[int, Archive] = {}
        self.held: dict[int, Holdings] = {}

    def __iter__(self) -> Iterator[Archive]:
        return iter(self.by_id.values())

    def of(self, kind: Kind, name: str) -> int:
        """Return the number of the archive that keeps a series of this name."""
        if not self._schemas:
            return _FIRST
        return self._ids[schema_of(self._schemas, path_of(kind, name))]

    def open(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make the file's archives those of the schemas; move the series that others keep now."""
        rows = cursor.execute("SELECT name, id FROM archives").fetchall()
        stored: dict[str, int] = {DEFAULT: _FIRST} | dict(rows)
        self._ids = dict(stored)
        for name, tiers in self._tiers.items():
            if name not in self._ids:
                self._ids[name] = max(self._ids.values()) + 1
                cursor.execute("INSERT INTO archives VALUES (?, ?)", [self._ids[name], name])
            self._open(cursor, Archive(self._ids[name], tiers))
        retired = {name: one for name, one in stored.items() if name not in self._tiers}
        for number in retired.values():
            held = holdings.load(cursor, number)
            self.by_id[number] = Archive(number, tuple(Tier(step, step) for step in sorted(held)))
            self.held[number] = held
        self._move_series(cursor)
        for name, number in retired.items():
            self._drop(cursor, name, number)

    def load(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take the archives as the file has them."""
        query = "SELECT archive, step, seconds FROM retentions ORDER BY archive, step"
        tiers = defaultdict(list)
        for number, step, seconds in cursor.execute(query).fetchall():
            tiers[number].append(Tier(step, seconds))
        for number, own in tiers.items():
            self.by_id[number] = Archive(number, tuple(own))
            self.held[number] = holdings.load(cursor, number)

    def _open(self, cursor: duckdb.DuckDBPyConnection, archive: Archive) -> None:
        stored = holdings.load(cursor, archive.id)
        for step in stored.keys() | {tier.step for tier in archive.tiers}:
            cursor.execute(schema.TIER.format(tier=archive.suffix(step)))
        if stored or archive.id == _FIRST:
            held = fit(cursor, archive, stored)
        else:
            held = begin_like(cursor, archive, self.by_id[_FIRST], self.held[_FIRST])
        holdings.save(cursor, {archive.id: held})
        self.by_id[archive.id] = archive
        self.held[archive.id] = held
        cursor.execute("DELETE FROM retentions WHERE archive = ?", [archive.id])
        for tier in archive.tiers:
            row = [archive.id, tier.step, tier.retention]
            cursor.execute("INSERT INTO retentions VALUES (?, ?, ?)", row)

    def _move_series(self, cursor: duckdb.DuckDBPyConnection) -> None:
        moved = defaultdict(list)
        for number, kind, name, archive in cursor.execute(
            "SELECT id, kind, name, archive FROM series"
        ).fetchall():
            if (wanted := self.of(Kind(kind), name)) != archive:
                moved[archive, wanted].append(number)
        for (archive, wanted), numbers in moved.items():
            cursor.register("moved", {"id": np.array(numbers, dtype=np.int32)})
            origin, target = ((self.by_id[one], self.held[one]) for one in (archive, wanted))
            move(cursor, origin, target)
            cursor.execute(
                "UPDATE series SET archive = ? WHERE id IN (SELECT id FROM moved)", [wanted]
            )
            cursor.unregister("moved")
        if moved:
            cursor.execute("DELETE FROM ordered")

    def _drop(self, cursor: duckdb.DuckDBPyConnection, name: str, number: int) -> None:
        archive = self.by_id.pop(number)
        for step in self.held.pop(number):
            cursor.execute(schema.DROP_TIER.format(tier=archive.suffix(step)))
        cursor.execute("DELETE FROM tiers WHERE archive = ?", [number])
        cursor.execute("DELETE FROM retentions WHERE archive = ?", [number])
        cursor.execute("DELETE FROM archives WHERE name = ?", [name])
        del self._ids[name]


def apply_methods(
    cursor: duckdb.DuckDBPyConnection, archives: Archives, rules: Sequence[Aggregation]
) -> None:
    """Give each plain series its rule's method, and roll up anew what finer tiers still hold."""
    changed = [
        (number, rule)
        for number, name, method, known in cursor.execute(
            "SELECT id, name, method, known FROM series WHERE kind = ?", [Kind.PLAIN.value]
        ).fetchall()
        for rule in [aggregation_of(rules, name)]
        if (rule.method, rule.known) != (method, known)
    ]
    for number, rule in changed:
        cursor.execute(
            "UPDATE series SET method = ?, known = ? WHERE id = ?",
            [rule.method, rule.known, number],
        )
    if changed:
        cursor.register("moved", {"id": np.array([one for one, _ in changed], dtype=np.int32)})
        for archive in archives.by_id.values():
            held = archives.held[archive.id]
            for finer, tier in pairwise(archive.tiers):
                start, end = tier.ceil(held[finer.step].since), held[tier.step].until
                target = archive.relation(schema.POINTS, tier.step)
                cursor.execute(
                    f"DELETE FROM {target} WHERE ts >= ? AND ts < ? AND {_MOVED}",  # noqa: S608
                    [start, end],
                )
                Rise.within(archive, finer.step, tier.step)(cursor, start, end, _MOVED)
        cursor.unregister("moved")
