"""The writer before a store that the tests hold up, break and mend."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import cast

import pytest

from celeryscope.flush import Flush
from celeryscope.store.protocol import Store, StoreError
from celeryscope.store.writer import StoreWriter
from support.processes import wait_until
from support.stores import START, opened, runs, total

SOON = 0.005


class FaultyStore:
    """Writes down the numbers of the flushes it is given, unless it is held up or broken."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.maintained: list[float] = []
        self.tries = 0
        self.write_fails = False
        self.maintain_fails = False
        self.tidied: list[float] = []
        self.tidy_fails = False
        self.poison: int | None = None
        self.entered = Event()
        self.may_write = Event()
        self.may_write.set()

    def write(self, flush: Flush) -> None:
        self.tries += 1
        self.entered.set()
        assert self.may_write.wait(30)
        if self.write_fails:
            raise StoreError("the disk is full")
        if number_of(flush) == self.poison:
            raise ZeroDivisionError
        self.written.append(number_of(flush))

    def maintain(self, now: float) -> None:
        if self.maintain_fails:
            raise StoreError("no roll-up today")
        self.maintained.append(now)

    def tidy(self, now: float) -> bool:
        """Have two steps to do after each flush, unless it is broken."""
        if self.tidy_fails:
            raise StoreError("no order today")
        self.tidied.append(now)
        return self.tidied.count(now) < 3


class Rig:
    """A writer before a faulty store, and the numbers of the flushes it told as committed."""

    def __init__(self, max_waiting: int, max_waiting_series: int) -> None:
        self.store = FaultyStore()
        self.committed: list[int] = []
        self.writer = StoreWriter(
            cast("Store", self.store),
            self._told,
            max_waiting=max_waiting,
            max_waiting_series=max_waiting_series,
            retry_seconds=SOON,
        )

    def put(self, *numbers: int, series: int = 0) -> None:
        counters = {f"c{one}": 1.0 for one in range(series)}
        for number in numbers:
            self.writer.put(Flush(start=number * 10.0, seconds=10, counters=counters))

    def _told(self, flush: Flush) -> None:
        assert number_of(flush) in self.store.written
        self.committed.append(number_of(flush))


def number_of(flush: Flush) -> int:
    return int(flush.start // 10)


@contextmanager
def writing(max_waiting: int = 100, max_waiting_series: int = 1000) -> Iterator[Rig]:
    rig = Rig(max_waiting, max_waiting_series)
    rig.writer.start()
    try:
        yield rig
    finally:
        rig.store.may_write.set()
        rig.writer.stop()


def test_flushes_are_stored_in_their_order_and_then_told() -> None:
    with writing() as rig:
        rig.put(*range(50))
        wait_until(lambda: rig.committed == list(range(50)))
    assert rig.store.written == list(range(50))
    assert rig.store.maintained == [number * 10.0 + 10 for number in range(50)]
    assert rig.writer.take_drops() == 0
    assert rig.writer.last_duration_ms > 0


def test_a_flush_is_told_only_when_it_is_stored() -> None:
    with writing() as rig:
        rig.store.may_write.clear()
        rig.put(1)
        assert rig.store.entered.wait(30)
        assert rig.committed == []
        rig.store.may_write.set()
        wait_until(lambda: rig.committed == [1])


def test_stopping_stores_all_that_waits() -> None:
    with writing() as rig:
        rig.store.may_write.clear()
        rig.put(*range(20))
        assert rig.store.entered.wait(30)
        rig.store.may_write.set()
    assert rig.committed == list(range(20))


def test_a_store_that_fails_is_tried_again_and_nothing_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with writing() as rig:
        rig.store.write_fails = True
        rig.put(1, 2, 3)
        wait_until(lambda: rig.store.tries > 5)
        assert rig.committed == []
        assert rig.writer.failing
        rig.store.write_fails = False
        rig.put(4)
        wait_until(lambda: rig.committed == [1, 2, 3, 4])
        assert not rig.writer.failing
    assert rig.store.written == [1, 2, 3, 4]
    assert rig.writer.take_drops() == 0
    assert [record.getMessage() for record in caplog.records] == [
        "the disk is full; flushes are kept (at most 100)",
        "the store works again",
    ]


def test_the_oldest_are_dropped_and_counted_when_too_many_wait() -> None:
    with writing(max_waiting=3) as rig:
        rig.store.write_fails = True
        rig.put(*range(10))
        wait_until(lambda: rig.store.tries > 5)
        rig.put(10)
        rig.store.write_fails = False
        wait_until(lambda: rig.committed[-1:] == [10])
    assert rig.committed in ([8, 9, 10], [7, 8, 9, 10])
    assert rig.writer.take_drops() + len(rig.committed) == 11
    assert rig.writer.take_drops() == 0


def test_large_flushes_are_dropped_sooner_but_the_newest_is_kept() -> None:
    with writing(max_waiting_series=10) as rig:
        rig.store.write_fails = True
        rig.put(*range(5), series=4)
        rig.put(5, series=40)
        wait_until(lambda: rig.store.tries > 5)
        rig.store.write_fails = False
        wait_until(lambda: rig.committed[-1:] == [5])
    assert rig.writer.take_drops() + len(rig.committed) == 6
    assert rig.committed in ([5], [4, 5])


def test_a_flush_that_is_being_stored_is_not_counted_as_dropped() -> None:
    with writing(max_waiting=2) as rig:
        rig.store.may_write.clear()
        rig.put(1)
        assert rig.store.entered.wait(30)
        rig.put(2, 3)
        assert rig.writer.take_drops() == 0
        rig.put(4)
        assert rig.writer.take_drops() == 1
        rig.store.may_write.set()
    assert rig.committed == [1, 3, 4]


def test_stopping_before_a_store_that_fails_tells_how_many_are_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with writing() as rig:
        rig.store.write_fails = True
        rig.put(1, 2, 3)
    assert rig.committed == []
    assert caplog.records[-1].getMessage() == "3 flushes could not be stored and are lost"


def test_upkeep_that_fails_loses_no_flush_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with writing() as rig:
        rig.store.maintain_fails = True
        rig.put(*range(5))
        wait_until(lambda: rig.committed == list(range(5)))
        rig.store.maintain_fails = False
        rig.put(5)
        wait_until(lambda: rig.store.maintained == [60.0])
    assert rig.store.written == list(range(6))
    assert [record.getMessage() for record in caplog.records] == [
        "no roll-up today; it is tried again after each flush",
        "the store works again",
    ]


def test_what_is_told_can_be_read_at_once(tmp_path: Path) -> None:
    read: list[float] = []
    with opened(tmp_path) as store:
        writer = StoreWriter(
            store, lambda flush: read.append(total(store, START, flush.start + 10))
        )
        writer.start()
        for i in range(3):
            writer.put(runs(START + 10 * i, count=2))
        writer.stop()
    assert read == [2.0, 4.0, 6.0]


def test_a_flush_that_fails_in_an_unknown_way_is_counted_and_the_next_are_stored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with writing() as rig:
        rig.store.poison = 2
        rig.put(1, 2, 3)
        wait_until(lambda: rig.committed == [1, 3], what="the flush after")
        assert rig.writer.take_drops() == 1
    assert "ZeroDivisionError" in caplog.text


def test_all_that_may_wait_is_done_after_a_flush() -> None:
    with writing() as rig:
        rig.put(1)
        wait_until(lambda: rig.store.tidied == [20.0] * 3)
        rig.put(2)
        wait_until(lambda: rig.store.tidied == [20.0] * 3 + [30.0] * 3)


def test_tidying_that_fails_stops_no_flush_and_is_tried_after_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with writing() as rig:
        rig.store.tidy_fails = True
        rig.put(*range(5))
        wait_until(lambda: rig.committed == list(range(5)))
        wait_until(lambda: caplog.records)
        rig.store.tidy_fails = False
        rig.put(5)
        wait_until(lambda: rig.store.tidied[-3:] == [60.0] * 3)
    assert [record.getMessage() for record in caplog.records] == [
        "no order today; it is tried again after each flush",
        "the store works again",
    ]
