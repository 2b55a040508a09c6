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
from celeryscope.store import holdings, rollup, schema
from celeryscope.store.folder import DataFolder
from celeryscope.store.holdings import Holdings
from celeryscope.store.protocol import Node, Scalars, Series, StoreError, Timers, Window
from celeryscope.store.reader import Reader, sources
from celeryscope.store.refit import fit
from celeryscope.store.rows import Columns, rows_of
from celeryscope.store.tiers import Tier
from celeryscope.store.tree import NameTree
from celeryscope.store.windows import choose_window, covering

FORMAT = 1
FILE = "celeryscope.duckdb"
# What DuckDB caches stays resident; a query that needs more goes through files beside the store's.
_MEMORY = "128MB"
_THREADS = 2


class DuckDBStore:
    """A `Store` in a folder, which it holds alone until it is closed.

    One thread writes; any number read, each on a cursor of its own.
    """

    def __init__(
        self,
        folder: DataFolder,
        connection: duckdb.DuckDBPyConnection,
        tiers: tuple[Tier, ...],
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._connection = connection
        self._tiers = tiers
        self._clock = clock
        self._cursors = Lock()
        self._tree = NameTree()
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
            connection = undo.enter_context(closing(_connect(path / FILE)))
            store = cls(folder, connection, tiers, clock)
            undo.pop_all()
        return store

    def close(self) -> None:
        self._connection.close()
        self._folder.release()

    @property
    def series_count(self) -> int:
        return len(self._tree)

    def write(self, flush: Flush) -> None:
        """Store one flush in one transaction; it is durable and visible on return.

        Raises:
            StoreError: It could not be stored; nothing of it is.
        """
        new: dict[tuple[Kind, str], Series] = {}
        rows = rows_of(flush, lambda kind, name: self._identify(kind, name, flush, new))
        with self._transaction("written") as cursor:
            _insert(cursor, "series", _series_columns(list(new.values())))
            self._insert_rows(cursor, rows, flush.start)
        for series in new.values():
            self._tree.add(series)

    def maintain(self, now: float) -> None:
        """Roll up the steps that ended before `now`, and drop what is past its retention.

        Raises:
            StoreError: It could not be done; the store is as it was.
        """
        if rollup.due(self._tiers, self._held, now):
            with self._transaction("rolled up") as cursor:
                held = rollup.roll_up(cursor, self._tiers, self._held, now)
                holdings.save(cursor, held)
            self._held = held
        if cutoffs := rollup.expired(self._tiers, self._held, now):
            with self._transaction("pruned") as cursor:
                held = rollup.prune(cursor, cutoffs, self._held)
                holdings.save(cursor, held)
            self._held = held

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        return self._tree.find(kind, pattern)

    def window(self, start: float, end: float, points: int | None = None) -> Window:
        since = {step: held.since for step, held in self._held.items()}
        return choose_window(covering(self._tiers, since, self._clock(), start), start, end, points)

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
        with self._transaction("opened") as cursor:
            cursor.execute(schema.CATALOG)
            _check_format(cursor)
            for tier in self._tiers:
                cursor.execute(schema.TIER.format(step=tier.step))
            for row in cursor.execute("SELECT id, kind, name, first_seen FROM series").fetchall():
                self._tree.add(Series(row[0], Kind(row[1]), row[2], row[3]))
            held = fit(cursor, self._tiers, holdings.load(cursor))
            holdings.save(cursor, held)
            return held

    def _identify(
        self, kind: Kind, name: str, flush: Flush, new: dict[tuple[Kind, str], Series]
    ) -> int:
        series = self._tree.get(kind, name) or new.get((kind, name))
        if series is None:
            series = Series(len(self._tree) + len(new), kind, name, int(flush.start))
            new[kind, name] = series
        return series.id

    def _insert_rows(
        self, cursor: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, Columns]], start: float
    ) -> None:
        """Insert into every tier that is not to be rolled up from a finer one at `start`."""
        for tier in self._tiers:
            if start < self._held[tier.step].until:
                for table, columns in rows:
                    size = len(next(iter(columns.values())))
                    timestamps = np.full(size, tier.floor(start), dtype=np.int64)
                    _insert(cursor, f"{table}_{tier.step}", {"ts": timestamps, **columns})

    @contextmanager
    def _reader(self, window: Window) -> Iterator[Reader]:
        """Read all in one transaction, so that no roll-up comes between the queries."""
        with self._transaction("read") as cursor:
            yield Reader(cursor, sources(self._tiers, holdings.load(cursor), window), window)

    @contextmanager
    def _transaction(self, done: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a transaction on a cursor of its own; closing that undoes what is not committed."""
        try:
            with self._cursors:
                cursor = self._connection.cursor()
            with closing(cursor):
                cursor.begin()
                yield cursor
                cursor.commit()
        except duckdb.Error as error:
            raise StoreError(f"the store could not be {done}: {_first_line(error)}") from error


def _connect(file: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(file), config={"memory_limit": _MEMORY, "threads": _THREADS})
    except duckdb.Error as error:
        raise StoreError(
            f"{str(file)!r} cannot be opened ({_first_line(error)}); "
            "move it away to start anew, or restore a copy"
        ) from error


def _check_format(cursor: duckdb.DuckDBPyConnection) -> None:
    row = cursor.execute("SELECT version FROM format").fetchone()
    if row is None:
        cursor.execute("INSERT INTO format VALUES (?)", [FORMAT])
    elif row[0] != FORMAT:
        raise StoreError(
            f"the store has format {row[0]}, this celeryscope reads {FORMAT}; "
            "use the celeryscope that wrote it, or another data folder"
        )


def _series_columns(series: Sequence[Series]) -> Columns:
    return {
        "id": np.array([one.id for one in series], dtype=np.int32),
        "kind": np.array([one.kind.value for one in series], dtype=object),
        "name": np.array([one.name for one in series], dtype=object),
        "first_seen": np.array([one.first_seen for one in series], dtype=np.int64),
    }


def _insert(cursor: duckdb.DuckDBPyConnection, table: str, columns: Columns) -> None:
    if len(next(iter(columns.values()))):
        cursor.register("new_rows", columns)
        cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")  # noqa: S608
        cursor.unregister("new_rows")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
