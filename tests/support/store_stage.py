"""A process whose children write to a store until they are killed; for a test's eyes only.

    python store_stage.py FOLDER LOG

Each line on standard input is the time at which a child's first flush begins. The child's number
goes to standard output. What it begins, ends and acknowledges is appended to LOG, a word and a time
a line. Forking saves the seconds that imports take, and is safe as this process has no threads.
"""

import os
import sys
from pathlib import Path
from threading import Semaphore
from typing import cast

import numpy as np

from celeryscope.flush import Flush
from celeryscope.sketch import Distribution
from celeryscope.store import compaction, database
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Points, Store
from celeryscope.store.tiers import parse_retentions
from celeryscope.store.writer import StoreWriter

TIERS = parse_retentions("1s:20s,5s:2m,30s:30d")
_MOST_WAITING = 3


class Watched:
    """A store that notes when each of its writers' calls begins and ends."""

    def __init__(self, store: DuckDBStore, log: int) -> None:
        self._store = store
        self._log = log
        self.room = Semaphore(_MOST_WAITING)

    def write(self, flush: Flush) -> None:
        self._note("begin-write", flush.start)
        self._store.write(flush)
        self._store.write_points(
            Points(["plain"], np.array([flush.start], np.int64), np.array([flush.start]))
        )
        self._note("end-write", flush.start)

    def maintain(self, now: float) -> None:
        self._note("begin-maintain", now)
        self._store.maintain(now)
        self._note("end-maintain", now)

    def tidy(self, now: float) -> bool:
        self._note("begin-tidy", now)
        more = self._store.tidy(now)
        self._note("end-tidy", now)
        return more

    def acknowledge(self, flush: Flush) -> None:
        self._note("stored", flush.start)
        self.room.release()

    def _note(self, what: str, when: float) -> None:
        os.write(self._log, f"{what} {when:.0f}\n".encode())


def write_for_ever(folder: Path, log: Path, start: int) -> None:
    """Store one flush after the other, of a second each, as fast as the store takes them."""
    compaction.PERIOD_STEPS = 10
    database.LOG_BYTES = 30_000
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    clock = [start]
    watched = Watched(DuckDBStore.open(folder, TIERS, lambda: clock[0]), notes)
    writer = StoreWriter(cast("Store", watched), watched.acknowledge, max_waiting=10**6)
    writer.start()
    while watched.room.acquire():
        at = clock[0]
        timers = {f"t{i}": Distribution.of([i + 1.0, at % 7 + 1.0]) for i in range(20)}
        writer.put(Flush(at, 1, {"count": 1}, {"gauge": at}, timers=timers))
        clock[0] += 1


def main() -> None:
    folder, log = map(Path, sys.argv[1:])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write_for_ever(folder, log, int(line))
        print(child, flush=True)  # noqa: T201 -- its protocol
        os.waitpid(child, 0)
        print("ended", flush=True)  # noqa: T201 -- its protocol


if __name__ == "__main__":
    main()
