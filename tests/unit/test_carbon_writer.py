import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import numpy as np
import pytest

from celeryscope.carbon.writer import MAX_AT_ONCE, PointWriter
from celeryscope.store.protocol import Points, StoreError
from support.processes import wait_until


class RecordingStore:
    """Keeps the names of each write; `failing` says what it does instead."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.failing: Callable[[], object] | None = None
        self.tries = 0

    def write_points(self, points: Points) -> int:
        self.tries += 1
        if self.failing:
            self.failing()
        self.writes.append(list(points.names))
        return points.names.count("old")

    def names(self) -> list[str]:
        return [name for write in self.writes for name in write]

    def refuse(self) -> None:
        raise StoreError("the disk is full")

    def crash(self) -> None:
        raise RuntimeError("never heard of it")


def points(*names: str) -> Points:
    return Points(names, np.ones(len(names), np.int64), np.ones(len(names)))


@contextmanager
def writing(store: RecordingStore, gather_seconds: float = 0.0) -> Iterator[PointWriter]:
    writer = PointWriter(store, 5, gather_seconds=gather_seconds, retry_seconds=0.01)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def test_points_are_stored_in_their_order() -> None:
    store = RecordingStore()
    with writing(store) as writer:
        for i in range(100):
            writer.put(points(f"a{i}", f"b{i}"))
    assert store.names() == [f"{letter}{i}" for i in range(100) for letter in "ab"]
    assert (writer.waiting, writer.counters()) == (
        0,
        {"carbon.too_old": 0, "carbon.dropped.store": 0},
    )


def test_what_comes_within_a_second_is_stored_at_once() -> None:
    store = RecordingStore()
    with writing(store, gather_seconds=60.0) as writer:
        for name in "abc":
            writer.put(points(name))
    assert store.writes == [["a", "b", "c"]]


def test_many_points_wait_for_no_more_and_are_not_all_stored_at_once() -> None:
    store = RecordingStore()
    half = points(*["a"] * (MAX_AT_ONCE // 2 + 1))
    with writing(store, gather_seconds=60.0) as writer:
        writer.put(half)
        writer.put(half)
        wait_until(lambda: store.writes, what="the first write")
        assert [len(names) for names in store.writes] == [len(half.names)]
    assert [len(names) for names in store.writes] == [len(half.names)] * 2


def test_points_that_are_too_old_are_counted() -> None:
    with writing(RecordingStore()) as writer:
        writer.put(points("a", "old", "old"))
    assert writer.counters()["carbon.too_old"] == 2
    assert writer.counters()["carbon.too_old"] == 0


def test_it_is_full_until_what_waits_is_stored() -> None:
    store, go_on = RecordingStore(), Event()
    store.failing = go_on.wait
    with writing(store) as writer:
        writer.put(points(*"abc"))
        assert not writer.is_full
        writer.put(points(*"de"))
        assert writer.is_full
        assert writer.waiting == 5
        go_on.set()
        wait_until(lambda: not writer.is_full, what="room")


def test_points_are_kept_while_the_store_fails(caplog: pytest.LogCaptureFixture) -> None:
    store = RecordingStore()
    store.failing = store.refuse
    with caplog.at_level(logging.WARNING), writing(store) as writer:
        writer.put(points("a"))
        wait_until(lambda: store.tries > 3, what="more tries")
        writer.put(points("b"))
        store.failing = None
        wait_until(lambda: not writer.waiting, what="the points to be stored")
    assert store.names() == ["a", "b"]
    assert writer.counters()["carbon.dropped.store"] == 0
    assert [record.getMessage() for record in caplog.records] == [
        "the disk is full; points are kept, and clients wait when they are too many",
        "the store takes points again",
    ]


def test_points_that_crash_the_store_are_dropped_and_counted() -> None:
    store = RecordingStore()
    store.failing = store.crash
    with writing(store) as writer:
        writer.put(points("a", "b"))
        wait_until(lambda: not writer.waiting, what="the points to be given up")
        store.failing = None
        writer.put(points("c"))
    assert store.writes == [["c"]]
    assert writer.counters()["carbon.dropped.store"] == 2


def test_it_stops_though_the_store_fails_and_says_what_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = RecordingStore()
    store.failing = store.refuse
    with writing(store) as writer:
        writer.put(points("a", "b"))
        wait_until(lambda: store.tries, what="a try")
        writer.put(points("c"))
    assert "3 points could not be stored and are lost" in caplog.text
