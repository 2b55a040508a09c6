"""The store in one DuckDB file: flushes in, any span out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
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
from celeryscope.store.catalog import Catalog
from celeryscope.store.database import Database, insert
from celeryscope.store.folder import DataFolder
from celeryscope.store.holdings import Holdings
from celeryscope.store.protocol import Node, Scalars, Series, StoreError, Timers, Window
from celeryscope.store.reader import Reader, sources
from celeryscope.store.refit import fit
from celeryscope.store.rows import Columns, rows_of
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
        tiers: tuple[Tier, ...],
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._database = database
        self._archive = Archive(0, tiers)
        self._clock = clock
        self._rewriting = Lock()
        self._catalog = Catalog()
        self._held = self._prepare()

    @classmethod
    def open(
        cls, path: Path, tiers: tuple[Tier, ...], clock: Callable[[], float], owner: str = ""
    ) -> Self:
        """Take the folder `path` and open the store in it; `owner` is told to a second comer.

        Raises:
            StoreError: The folder cannot be written or is in use, or the file cannot be read.
        """
        with ExitStack() as undo:
            folder = DataFolder.take(path, owner)
            undo.callback(folder.release)
            database = undo.enter_context(closing(Database(path / FILE)))
            store = cls(folder, database, tiers, clock)
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
            rows = rows_of(flush, lambda kind, name: new.identify(kind, name).id)
            with self._database.transaction("written") as cursor:
                new.store(cursor)
                self._insert(cursor, rows, flush.start)
            self._catalog.add(new)

    def maintain(self, now: float) -> None:
        """Roll up the steps that ended before `now`, and drop what is past its retention.

        Raises:
            StoreError: It could not be done; the store is as it was.
        """
        with self._database.exclusive:
            if rollup.due(self._archive.tiers, self._held, now):
                with self._database.transaction("rolled up") as cursor:
                    held = rollup.roll_up(cursor, self._archive, self._held, now)
                    holdings.save(cursor, self._archive.id, held)
                self._held = held
            # What is being put in order cannot be deleted, too.
            if self._rewriting.acquire(blocking=False):
                try:
                    self._prune(now)
                finally:
                    self._rewriting.release()
            self._database.checkpoint()

    def tidy(self, now: float) -> bool:
        """Put one part of what is closed by `now` in order; tell whether there was any.

        Raises:
            StoreError: It could not be done; the store is as it was.
        """
        with self._rewriting:
            with self._database.transaction("read") as cursor:
                part = compaction.next_part(cursor, self._archive, self._held, now)
            if part is not None:
                with self._database.transaction("put in order") as cursor:
                    compaction.order(cursor, part)
        return part is not None

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        return self._catalog.find(kind, pattern)

    def window(self, start: float, end: float, points: int | None = None) -> Window:
        since = {step: held.since for step, held in self._held.items()}
        tiers = covering(self._archive.tiers, since, self._clock(), start)
        return choose_window(tiers, start, end, points)

    def covered(self, window: Window) -> Floats:
        with self._reader(window) as reader:
            return reader.covered()

    def scalars(self, series: Sequence[Series], window: Window) -> Scalars:
        with self._reader(window) as reader:
            return reader.scalars(series)

    def totals(self, groups: Sequence[Sequence[Series]], window: Window) -> Floats:
        with self._reader(window) as reader:
            return reader.totals(groups)

    def timers(self, groups: Sequence[Sequence[Series]], window: Window) -> Timers:
        with self._reader(window) as reader:
            return reader.timers(groups)

    def _prepare(self) -> Holdings:
        with self._database.transaction("opened") as cursor:
            cursor.execute(schema.CATALOG)
            _check_format(cursor)
            for tier in self._archive.tiers:
                cursor.execute(schema.TIER.format(tier=self._archive.suffix(tier.step)))
            self._catalog.load(cursor)
            held = fit(cursor, self._archive, holdings.load(cursor, self._archive.id))
            holdings.save(cursor, self._archive.id, held)
        return held

    def _prune(self, now: float) -> None:
        if cutoffs := rollup.expired(self._archive.tiers, self._held, now):
            with self._database.transaction("pruned") as cursor:
                held = rollup.prune(cursor, self._archive, cutoffs, self._held)
                holdings.save(cursor, self._archive.id, held)
            self._held = held

    def _insert(
        self, cursor: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Table, Columns]], start: float
    ) -> None:
        """Insert into every tier that is not to be rolled up from a finer one at `start`."""
        for tier in self._archive.tiers:
            if start < self._held[tier.step].until:
                for table, columns in rows:
                    size = len(next(iter(columns.values())))
                    timestamps = np.full(size, tier.floor(start), dtype=np.int64)
                    relation = self._archive.relation(table, tier.step)
                    insert(cursor, relation, {"ts": timestamps, **columns})

    @contextmanager
    def _reader(self, window: Window) -> Iterator[Reader]:
        """Read all in one transaction, so that no roll-up comes between the queries."""
        with self._database.transaction("read") as cursor:
            held = holdings.load(cursor, self._archive.id)
            yield Reader(cursor, self._archive, sources(self._archive, held, window), window)


def _check_format(cursor: duckdb.DuckDBPyConnection) -> None:
    row = cursor.execute("SELECT version FROM format").fetchone()
    if row is None:
        cursor.execute("INSERT INTO format VALUES (?)", [FORMAT])
    elif row[0] != FORMAT:
        raise StoreError(
            f"the store has format {row[0]}, this celeryscope reads {FORMAT}; "
            "use the celeryscope that wrote it, or another data folder"
        )
