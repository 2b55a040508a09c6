"""A hundred kills at random moments: every acknowledged flush is there, every roll-up is right."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event

import numpy as np

from celeryscope.metrics import Kind
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Series, Window
from support import store_stage
from support.processes import wait_until
from support.stores import START, wrong

KILLS = 100
BETWEEN_CHECKS = 5
COARSEST = 30
_LONGEST = 0.25


class Stage:
    """Lets a child write to a store from a time on, and kills it."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def run(self, start: int, seconds: float) -> None:
        """Write for so long after the first flush is stored; then kill."""
        before = self.count("stored")
        child = int(self._ask(f"{start}\n"))
        wait_until(lambda: self.count("stored") > before, what="a flush")
        Event().wait(seconds)
        os.kill(child, signal.SIGKILL)
        assert self._read() == "ended"

    def count(self, word: str) -> int:
        return len(self.times(word))

    def times(self, word: str) -> list[int]:
        notes = self._log.read_text().split("\n") if self._log.exists() else []
        return [int(note.split(" ")[1]) for note in notes if note.startswith(f"{word} ")]

    def interrupted(self) -> set[str]:
        """Return the calls that began more often than they ended."""
        calls = ("write", "maintain", "tidy")
        return {call for call in calls if self.count(f"begin-{call}") > self.count(f"end-{call}")}

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def stage(folder: Path, log: Path) -> Iterator[Stage]:
    with subprocess.Popen(
        [sys.executable, store_stage.__file__, folder, log],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Stage(process, log)
        assert process.stdin is not None
        process.stdin.close()


def test_every_acknowledged_flush_survives_a_hundred_kills(tmp_path: Path) -> None:
    random, folder, log = Random(8), tmp_path / "data", tmp_path / "log"
    begun = START
    with stage(folder, log) as writing:
        for kill in range(KILLS):
            writing.run(begun, random.uniform(0, _LONGEST))
            begun = max(writing.times("begin-write")) + 1
            if kill % BETWEEN_CHECKS == 0:
                assert_whole(folder, writing)
        assert_whole(folder, writing)
        assert writing.interrupted() == {"write", "maintain", "tidy"}


def assert_whole(folder: Path, writing: Stage) -> None:
    """Compare counts, runs and points by the coarsest step with what was acknowledged."""
    stored, tried = writing.times("stored"), writing.times("begin-write")
    end = max(tried) + COARSEST
    store = DuckDBStore.open(folder, store_stage.TIERS, lambda: end)
    try:
        assert wrong(store) == []
        points = -(-(end - START) // COARSEST)
        window = Window(START, COARSEST, points, COARSEST)
        least, most = (
            np.array([by_cell[i] for i in range(points)])
            for times in (stored, tried)
            for by_cell in [Counter((at - START) // COARSEST for at in times)]
        )
        [counter], timers = named(store, Kind.COUNTER), named(store, Kind.TIMER)
        counts = np.nan_to_num(store.scalars([counter], window).total[0])
        assert ((least <= counts) & (counts <= most)).all()
        runs = store.timers([timers], window).cells.samples / (2 * len(timers))
        assert (runs == counts).all()
        assert (np.isfinite(store.points(named(store, Kind.PLAIN), window)[0]) >= (least > 0)).all()
    finally:
        store.close()


def named(store: DuckDBStore, kind: Kind) -> list[Series]:
    return [node.series for node in store.find(kind, ["*"]) if node.series is not None]
