"""The store in one DuckDB file: flushes and points in, any span out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Self

import duckdb
import numpy as np

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Floats
from celeryscope.store import compaction, holdings, rollup, schema
from celeryscope.store.archive import Archive
from celeryscope.store.archives import Archives, apply_methods
from celeryscope.store.catalog import Catalog
from celeryscope.store.checks import Finding, checks
from celeryscope.store.database import Database, insert
from celeryscope.store.dead import dead_series
from celeryscope.store.folder import DataFolder
from celeryscope.store.patterns import Aggregation, Schema
from celeryscope.store.points import Placement
from celeryscope.store.protocol import Node, Points, Scalars, Series, StoreError, Timers, Window
from celeryscope.store.reader import Reader, Source, sources
from celeryscope.store.rows import Columns, of_archive, rows_of
from celeryscope.store.schema import Table
from celeryscope.store.tiers import Tier
from celeryscope.store.windows import choose_window, covering

FORMAT = 1
FILE = "celeryscope.duckdb"


class DuckDBStore:
    """A `Store` in a folder, which it holds alone until it is closed.

    Any number of threads read, each on a cursor of its own; those that write take turns, and
    `tidy` works beside them.
    """

    def __init__(
        self,
        folder: DataFolder,
        database: Database,
        archives: Archives,
        rules: Sequence[Aggregation],
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._database = database
        self._archives = archives
        self._clock = clock
        self._rewriting = Lock()
        self._pruned = False
        self._catalog = Catalog(archives, rules)
        with database.transaction("opened") as cursor:
            cursor.execute(schema.CATALOG)
            _check_format(cursor)
            archives.open(cursor)
            apply_methods(cursor, archives, rules)
            self._catalog.load(cursor)

    @classmethod
    def open(
        cls,
        path: Path,
        tiers: tuple[Tier, ...],
        clock: Callable[[], float],
        owner: str = "",
        *,
        schemas: Sequence[Schema] = (),
        rules: Sequence[Aggregation] = (),
    ) -> Self:
        """Take the folder `path` and open the store in it; `owner` is told to a second comer.

        `tiers` are for the series that none of the `schemas` matches. What is stored moves to
        where the schemas want it, and plain series are rolled up anew where `rules` changed.

        Raises:
            StoreError: The folder cannot be written or is in use, or the file cannot be read.
        """
        with ExitStack() as undo:
            folder = DataFolder.take(path, owner)
            undo.callback(folder.release)
            database = undo.enter_context(closing(Database(path / FILE)))
            store = cls(folder, database, Archives(tiers, schemas), rules, clock)
            undo.pop_all()
        return store

    def close(self) -> None:
        self._database.close()
        self._folder.release()

    @property
    def series_count(self) -> int:
        return len(self._catalog)

    def write(self, flush: Flush) -> None:
        """Store one flush in one transaction; it is durable and visible on return.

        Raises:
            StoreError: It could not be stored; nothing of it is.
        """
        with self._database.exclusive:
            new = self._catalog.newcomers(flush.start)
            rows = rows_of(flush, new.identify)
            kept_in = self._catalog.kept_in(new)
            with self._database.transaction("written") as cursor:
                new.store(cursor)
                for archive in self._archives:
                    own = of_archive(rows, kept_in, archive.id) if kept_in.any() else rows
                    self._insert(cursor, archive, own, flush.start)
            self._catalog.add(new)

    def write_points(self, points: Points) -> int:
        """Store points of any age in one transaction; return how many are too old to be kept.

        Raises:
            StoreError: They could not be stored; none of them is.
        """
        if not points.names:
            return 0
        now, too_old = self._clock(), 0
        with self._database.exclusive:
            if points.timestamps.min() < now - min(a.tiers[0].retention for a in self._archives):
                self._roll_up(now)  # so that a coarser tier is read where it alone has a point
            new = self._catalog.newcomers(int(points.timestamps.min()))
            ids = np.array([one.id for one in new.identify(Kind.PLAIN, points.names)], np.int64)
            kept_in = self._catalog.kept_in(new)[ids]
            with self._database.transaction("written") as cursor:
                new.store(cursor)
                for archive in self._archives:
                    here = kept_in == archive.id
                    if here.any():
                        placement = Placement(archive, self._archives.held[archive.id], now)
                        too_old += placement.place(
                            cursor, ids[here], points.timestamps[here], points.values[here]
                        )
            self._catalog.add(new)
        return too_old

    def maintain(self, now: float) -> None:
        """Roll up the steps that ended before `now`, and drop what is past its retention.

        Raises:
            StoreError: It could not be done; the store is as it was.
        """
        with self._database.exclusive:
            self._roll_up(now)
            # What is being put in order cannot be deleted, too.
            if self._rewriting.acquire(blocking=False):
                try:
                    self._prune(now)
                finally:
                    self._rewriting.release()
            self._database.checkpoint()

    def tidy(self, now: float) -> bool:
        """Do a short step of upkeep, beside writers and readers; tell whether there was any.

        Closed periods are put in order, then series are removed of which nothing is kept.

        Raises:
            StoreError: It could not be done; the store is as it was.
        """
        with self._rewriting:
            return self._order_part(now) or self._remove_dead()

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        return self._catalog.find(kind, pattern)

    def window(
        self, start: float, end: float, points: int | None = None, archive: int = 0
    ) -> Window:
        since = {step: held.since for step, held in self._archives.held[archive].items()}
        kept = self._archives.by_id[archive].tiers
        tiers = covering(kept, since, self._clock(), start)
        return replace(choose_window(tiers, start, end, points), archive=archive)

    def covered(self, window: Window) -> Floats:
        with self._reader(window) as reader:
            return reader.covered()

    def scalars(self, series: Sequence[Series], window: Window) -> Scalars:
        with self._reader(window) as reader:
            return reader.scalars(series)

    def points(self, series: Sequence[Series], window: Window) -> Floats:
        with self._reader(window) as reader:
            return reader.points(series)

    def totals(self, groups: Sequence[Sequence[Series]], window: Window) -> Floats:
        with self._reader(window) as reader:
            return reader.totals(groups)

    def timers(self, groups: Sequence[Sequence[Series]], window: Window) -> Timers:
        with self._reader(window) as reader:
            return reader.timers(groups)

    def checks(self) -> Iterator[Finding]:
        """Check the store, one table after the other.

        Raises:
            StoreError: It cannot be read.
        """
        with self._database.transaction("checked") as cursor:
            yield from checks(cursor, self._archives)

    def _insert(
        self,
        cursor: duckdb.DuckDBPyConnection,
        archive: Archive,
        rows: Sequence[tuple[Table, Columns]],
        start: float,
    ) -> None:
        """Insert into every tier that is not to be rolled up from a finer one at `start`."""
        for tier in archive.tiers:
            if start < self._archives.held[archive.id][tier.step].until:
                for table, columns in rows:
                    size = len(next(iter(columns.values())))
                    timestamps = np.full(size, tier.floor(start), dtype=np.int64)
                    insert(
                        cursor, archive.relation(table, tier.step), {"ts": timestamps, **columns}
                    )

    def _roll_up(self, now: float) -> None:
        held = self._archives.held
        if any(rollup.due(one.tiers, held[one.id], now) for one in self._archives):
            with self._database.transaction("rolled up") as cursor:
                rolled = {
                    one.id: rollup.roll_up(cursor, one, held[one.id], now) for one in self._archives
                }
                holdings.save(cursor, rolled)
            held.update(rolled)

    def _prune(self, now: float) -> None:
        held = self._archives.held
        for archive in self._archives:
            if cutoffs := rollup.expired(archive.tiers, held[archive.id], now):
                with self._database.transaction("pruned") as cursor:
                    pruned = rollup.prune(cursor, archive, cutoffs, held[archive.id])
                    holdings.save(cursor, {archive.id: pruned})
                held[archive.id] = pruned
                self._pruned = True

    def _order_part(self, now: float) -> bool:
        for archive in self._archives:
            with self._database.transaction("read") as cursor:
                held = self._archives.held[archive.id]
                part = compaction.next_part(cursor, archive, held, now)
            if part is not None:
                with self._database.transaction("put in order") as cursor:
                    compaction.order(cursor, part)
                return True
        return False

    def _remove_dead(self) -> bool:
        if not self._pruned:
            return False
        with self._database.exclusive:
            self._catalog.watch()
        with self._database.transaction("read") as cursor:
            dead = dead_series(cursor, self._archives)
        with self._database.exclusive:
            with self._database.transaction("rid of dead series") as cursor:
                removed = self._catalog.remove(cursor, dead)
            self._catalog.forget(removed)
        self._pruned = False
        return True

    @contextmanager
    def _reader(self, window: Window) -> Iterator[Reader]:
        """Read all in one transaction, so that no roll-up comes between the queries."""
        with self._database.transaction("read") as cursor:

            def spans(number: int) -> tuple[Archive, list[Source]]:
                archive = self._archives.by_id[number]
                return archive, sources(archive, holdings.load(cursor, number), window)

            yield Reader(cursor, spans, window)


def _check_format(cursor: duckdb.DuckDBPyConnection) -> None:
    [*rows] = cursor.execute("SELECT version FROM format").fetchall()
    if not rows:
        cursor.execute("INSERT INTO format VALUES (?)", [FORMAT])
    elif rows[0][0] != FORMAT:
        raise StoreError(
            f"the store has format {rows[0][0]}, this celeryscope reads {FORMAT}; "
            "use the celeryscope that wrote it, or another data folder"
        )
