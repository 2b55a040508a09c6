"""A disk that is full, and has room again: nothing that was kept is lost."""

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store import database
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.protocol import StoreError
from celeryscope.store.tiers import parse_retentions
from celeryscope.store.writer import StoreWriter
from support.processes import wait_until
from support.stores import START, opened, runs, series, total, wrong

MIB = 2**20
DISK = 6 * MIB
ROOM = 60 * MIB


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a memory disk of a few megabytes."""
    assert os.geteuid() == 0, "only root may mount a small disk: run the tests as root"
    folder.mkdir()
    mount(folder, DISK, "rw")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def mount(folder: Path, size: int, how: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", f"{how},size={size}", "tmpfs", str(folder)]
    subprocess.run(command, check=True)


def flush(number: int) -> Flush:
    """Return a flush that needs some 200 kB."""
    times = np.random.default_rng(number).lognormal(3, 2, 300)
    timers = {f"t{i}": Distribution.of(times + i) for i in range(40)}
    return Flush(START + 10 * number, 10, {"jobs": 1}, timers=timers)


def test_a_writer_says_so_keeps_what_comes_and_stores_it_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored: list[float] = []
    with small_disk(tmp_path / "disk") as disk, opened(disk / "data") as store:
        writer = StoreWriter(store, lambda one: stored.append(one.start), retry_seconds=0.01)
        writer.start()
        try:
            sent = 0
            while not errors(caplog):
                writer.put(flush(sent))
                sent += 1
                wait_until(partial(answered, stored, sent, caplog), what="an answer")
            written = len(stored)
            assert "No space left on device" in errors(caplog)[0]
            assert total(store, START, START + 10 * sent) == written
            for _ in range(20):
                writer.put(flush(sent))
                sent += 1
            mount(disk, ROOM, "remount")
            wait_until(lambda: len(stored) == sent, what="all flushes")
        finally:
            writer.stop()
        assert "the store works again" in caplog.messages
        assert writer.take_drops() == 0
        assert total(store, START, START + 10 * sent) == sent
        samples = store.timers([series(store, Kind.TIMER)], store.window(START, START + 1, 1))
        assert samples.cells.samples.item() == 40 * 300


def answered(stored: list[float], sent: int, caplog: pytest.LogCaptureFixture) -> bool:
    return len(stored) == sent or bool(errors(caplog))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]


def test_a_checkpoint_that_fails_does_not_end_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk") as disk, opened(disk / "data") as store:
        number = filled(store)
        with pytest.raises(StoreError, match="could not be checkpointed: the disk is nearly full"):
            store._database.checkpoint(0)
        assert total(store, START, START + 10 * number) == number
        monkeypatch.setattr(database, "free_bytes", lambda _folder: ROOM)
        with pytest.raises(StoreError, match="could not be checkpointed"):
            store._database.checkpoint(0)
        mount(disk, ROOM, "remount")
        assert total(store, START, START + 10 * number) == number
        store.write(flush(number))
        store._database.checkpoint(0)
        assert total(store, START, START + 10 * number + 10) == number + 1


def filled(store: DuckDBStore) -> int:
    """Write flushes until there is no room; return how many were stored."""
    return next(number for number in count() if not fits(store, number))


def fits(store: DuckDBStore, number: int) -> bool:
    try:
        store.write(flush(number))
    except StoreError:
        return False
    return True


def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for number in range(20):
            store.write(flush(number))
        store._database.checkpoint(0)
    file = tmp_path / FILE
    whole = file.read_bytes()
    told = [
        complaint(tmp_path, whole[:at] + bytes(4000) + whole[at + 4000 :])
        for at in range(0, len(whole) - 4000, 16_384)
        if any(whole[at : at + 4000])
    ]
    assert sum(map(bool, told)) > len(told) / 2
    for one in filter(None, told):
        assert "move it away to start anew, or restore a copy" in one
        assert "\n" not in one


def complaint(folder: Path, content: bytes) -> str:
    """Return what is said when a file of this content is opened and checked."""
    (folder / FILE).write_bytes(content)
    try:
        with opened(folder) as store:
            return "".join(map(str, wrong(store)))
    except StoreError as error:
        return str(error)


def test_a_file_cut_short_is_told_with_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(runs(START))
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes()[:6000])
    with pytest.raises(StoreError, match="move it away to start anew, or restore a copy"):
        DuckDBStore.open(tmp_path, parse_retentions("10s:1d"), lambda: START)
