"""The DuckDB file: transactions on cursors of their own, checkpoints, and coming back from faults.

DuckDB checkpoints only when told to. One that fails, on a full disk, makes DuckDB refuse all work
until the file is opened anew; a commit that fails only leaves its own transaction undone.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock, RLock

import duckdb

from celeryscope.store.protocol import StoreError
from celeryscope.store.rows import Columns

# What DuckDB caches stays resident; a query that needs more goes through files beside the store's.
_MEMORY = "128MB"
_THREADS = 2
_NEVER = "1TB"
_NO_MEMORY = (
    f"DuckDB needs more than its {_MEMORY} for all that runs at once; ask again in a while, or for "
    "fewer series, a shorter range or fewer points"
)
_DAMAGED = "move it away to start anew, or restore a copy"
LOG_BYTES = 8 * 2**20
"""A write-ahead log longer than this is worked into the file."""


class Database:
    """One DuckDB file that this process holds alone; `exclusive` keeps its writers in turn."""

    def __init__(self, file: Path) -> None:
        """Open or create the file.

        Raises:
            StoreError: It cannot be read.
        """
        self._file = file
        self._log = file.with_name(f"{file.name}.wal")
        self._cursors = Lock()
        self._broken = False
        self._connection = _connect(file)
        self.exclusive = RLock()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self, done: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a transaction; an exception undoes it. `done` says in errors what failed.

        Raises:
            StoreError: DuckDB failed.
        """
        try:
            with closing(self._cursor()) as cursor:
                cursor.begin()
                yield cursor
                cursor.commit()
        except duckdb.Error as error:
            raise self._failure(done, error) from error

    def checkpoint(self, beyond: int | None = None) -> None:
        """Work the log into the file once it is longer than `beyond` bytes, or LOG_BYTES.

        Raises:
            StoreError: There is no room for that.
        """
        length = self._log.stat().st_size if self._log.exists() else 0
        if length <= (LOG_BYTES if beyond is None else beyond):
            return
        if free_bytes(self._file.parent) < 2 * length:
            raise StoreError("the store could not be checkpointed: the disk is nearly full")
        try:
            with closing(self._cursor()) as cursor:
                cursor.execute("CHECKPOINT").fetchall()
        except duckdb.Error as error:
            raise self._failure("checkpointed", error) from error

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._cursors:
            if self._broken:
                self._connection.close()
                self._connection = _connect(self._file)
                self._broken = False
            return self._connection.cursor()

    def _failure(self, done: str, error: duckdb.Error) -> StoreError:
        if isinstance(error, duckdb.FatalException | duckdb.InternalException):
            self._broken = True
        if isinstance(error, duckdb.OutOfMemoryException):
            return StoreError(f"the store could not be {done}: {_NO_MEMORY}")
        advice = f"; {_DAMAGED}" if "orrupt" in str(error) else ""
        return StoreError(f"the store could not be {done}: {first_line(error)}{advice}")


def insert(cursor: duckdb.DuckDBPyConnection, table: str, columns: Columns) -> None:
    """Append rows, given as columns by name; those that are not named stay null."""
    if len(next(iter(columns.values()))):
        cursor.register("new_rows", columns)
        cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")  # noqa: S608
        cursor.unregister("new_rows")


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _connect(file: Path) -> duckdb.DuckDBPyConnection:
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "threads": _THREADS,
        "checkpoint_threshold": _NEVER,
    }
    try:
        return duckdb.connect(str(file), config=options)
    except duckdb.Error as error:
        raise StoreError(
            f"{str(file)!r} cannot be opened ({first_line(error)}); {_DAMAGED}"
        ) from error
