"""The store in one DuckDB file: flushes and points in, any span out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

import duckdb
import numpy as np

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Floats
from celeryscope.store.archive import Archive
from celeryscope.store.archives import Archives, apply_methods
from celeryscope.store.catalog import Catalog
from celeryscope.store.database import Database, insert
from celeryscope.store.events import EventTable
from celeryscope.store.fileformat import prepare
from celeryscope.store.folder import DataFolder
from celeryscope.store.patterns import Aggregation, Schema
from celeryscope.store.points import Placement
from celeryscope.store.protocol import (
    Node,
    Points,
    Scalars,
    Series,
    Settled,
    StoreError,
    Timers,
    Window,
)
from celeryscope.store.reader import Reader, Source, sources
from celeryscope.store.rows import Columns, of_archive, rows_of
from celeryscope.store.schema import Table
from celeryscope.store.settling import Settling
from celeryscope.store.stop import Stop
from celeryscope.store.tagindex import TagIndex
from celeryscope.store.tiers import Tier
from celeryscope.store.upkeep import Upkeep
from celeryscope.store.windows import choose_window, covering

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
        self._catalog = Catalog(archives, rules)
        self._events = EventTable(database)
        self._upkeep = Upkeep(database, archives, self._catalog)
        self._settling = Settling(clock())
        self.stop = Stop()

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
        archives = Archives(tiers, schemas)
        return cls._take(path, archives, archives.open, rules, clock, owner)

    @classmethod
    def open_as_it_is(cls, path: Path, clock: Callable[[], float], owner: str = "") -> Self:
        """Take a folder that has a store, and leave series and tiers as they are.

        Raises:
            StoreError: There is none, it is in use, or it cannot be read.
        """
        if not (path / FILE).exists():
            raise StoreError(f"data = {str(path)!r} has no store; allowed is a server's folder")
        archives = Archives((), ())
        return cls._take(path, archives, archives.load, (), clock, owner)

    @classmethod
    def _take(
        cls,
        path: Path,
        archives: Archives,
        fill: Callable[[duckdb.DuckDBPyConnection], None],
        rules: Sequence[Aggregation],
        clock: Callable[[], float],
        owner: str,
    ) -> Self:
        with ExitStack() as undo:
            folder = DataFolder.take(path, owner)
            undo.callback(folder.release)
            database = undo.enter_context(closing(Database(path / FILE)))
            store = cls(folder, database, archives, rules, clock)
            with database.transaction("opened") as cursor:
                prepare(cursor)
                fill(cursor)
                store._catalog.load(cursor)
                if rules:
                    apply_methods(cursor, archives, rules)
            undo.pop_all()
        return store

    def close(self) -> None:
        self._database.close()
        self._folder.release()

    @property
    def tags(self) -> TagIndex:
        return self._catalog.tags

    @property
    def events(self) -> EventTable:
        return self._events

    @property
    def series_count(self) -> int:
        return len(self._catalog)

    def knows(self, path: str) -> bool:
        """Tell whether there is a plain series of this path."""
        return path in self._catalog.known(Kind.PLAIN)

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
            self._settling.wrote(flush.start)

    def write_points(self, points: Points) -> int:
        """Store points of any age in one transaction; return how many are too old to be kept.

        Raises:
            StoreError: None of them could be stored.
        """
        if not points.names:
            return 0
        now, too_old = self._clock(), 0
        with self._database.exclusive:
            if points.timestamps.min() < now - min(a.tiers[0].retention for a in self._archives):
                self._upkeep.roll_up(
                    now
                )  # so that a coarser tier is read where it alone has a point
            new = self._catalog.newcomers(int(points.timestamps.min()))
            ids = new.numbers(Kind.PLAIN, points.names)
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
        self._upkeep.maintain(now)

    def tidy(self, now: float) -> bool:
        """Do a short step of upkeep, beside writers and readers; tell whether there was any.

        Raises:
            StoreError: It could not be done; the store is as it was.
        """
        return self._upkeep.tidy(now)

    def ended_by(self, stop: Stop) -> Self:
        view = copy(self)
        view.stop = stop
        return view

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        self.stop.check()
        return self._catalog.find(kind, pattern)

    def window(
        self, start: float, end: float, points: int | None = None, archive: int = 0
    ) -> Window:
        since = {step: held.since for step, held in self._archives.held[archive].items()}
        kept = self._archives.by_id[archive].tiers
        tiers = covering(kept, since, self._clock(), start)
        return replace(choose_window(tiers, start, end, points), archive=archive)

    def settled(self) -> Settled:
        return self._settling.now()

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

    @contextmanager
    def inside(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Archives]]:
        """Give a tool its own transaction, and what the tables are."""
        with self._database.transaction("read") as cursor:
            yield cursor, self._archives

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

    @contextmanager
    def _reader(self, window: Window) -> Iterator[Reader]:
        """Read all in one transaction, so that no roll-up comes between the queries.

        What was held before it began is all there in it.
        """
        held = dict(self._archives.held)
        with (
            self._database.transaction("read") as cursor,
            self.stop.interrupting(cursor.interrupt),
        ):

            def spans(number: int) -> tuple[Archive, list[Source]]:
                archive = self._archives.by_id[number]
                return archive, sources(archive, held[number], window)

            yield Reader(cursor, spans, window, self._catalog.timers_between)
