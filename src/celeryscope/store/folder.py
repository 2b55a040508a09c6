"""The data folder, held by one server at a time."""

import fcntl
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

from celeryscope.store.protocol import StoreError


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder locked for this process; the lock ends with the process, however it ends."""

    path: Path
    _lock: TextIO

    @classmethod
    def take(cls, path: Path, owner: str) -> Self:
        """Create and lock a folder; `owner` is what another process is told.

        Raises:
            StoreError: It cannot be created or written, or another process holds it.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            with ExitStack() as undo:
                lock = undo.enter_context((path / "lock").open("a+", encoding="utf-8"))
                _hold(lock, path, owner)
                undo.pop_all()
        except OSError as error:
            raise StoreError(
                f"data = {str(path)!r} cannot be written ({error.strerror}); "
                "allowed is a folder that this user may create and write"
            ) from error
        return cls(path, lock)

    def release(self) -> None:
        self._lock.truncate(0)
        self._lock.close()


def _hold(lock: TextIO, path: Path, owner: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        raise StoreError(
            f"data = {str(path)!r} is held by {holder}; allowed is a folder of its own "
            "for each server"
        ) from error
    lock.truncate(0)
    lock.write(f"process {os.getpid()} ({owner})" if owner else f"process {os.getpid()}")
    lock.flush()
