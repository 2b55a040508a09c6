import contextlib
import logging
from collections.abc import Iterator
from threading import Event

import pytest

from celeryscope.address import Address
from celeryscope.carbon import codec
from celeryscope.carbon.target import Target
from celeryscope.flush import Flush
from celeryscope.outputs.carbon import MAX_UNREAD, CarbonOutput
from celeryscope.outputs.points import Points
from support.processes import free_port, wait_until
from support.recording_carbon import RecordingCarbon, recording_carbon

ROOM = 1_000_000


def flush(start: int, **counters: float) -> Flush:
    return Flush(start, 10, counters or {"c": 20}, {"g": 1})


@contextlib.contextmanager
def output(
    *targets: Target, points: Points | None = None, max_unread_series: int = 1000
) -> Iterator[CarbonOutput]:
    sending = CarbonOutput(targets, points or Points(), ROOM, max_unread_series)
    sending.start()
    try:
        yield sending
    finally:
        sending.stop()


def to(carbon: RecordingCarbon, *, pickled: bool = False) -> Target:
    return Target(Address("127.0.0.1", carbon.port), pickled)


def test_each_target_gets_every_flush_in_order() -> None:
    with recording_carbon() as one, recording_carbon() as other:
        with output(to(one), to(other)) as sending:
            for start in (10, 20, 30):
                sending.put(flush(start))
        assert one.wait_for_points(9) == other.wait_for_points(9)
        assert one.timestamps() == [10, 20, 30]
        assert one.at(20) == {
            "stats.counters.c.rate": 2,
            "stats.counters.c.count": 20,
            "stats.gauges.g": 1,
        }


def test_a_target_of_pickles_gets_pickles() -> None:
    with recording_carbon() as carbon:
        with output(to(carbon, pickled=True)) as sending:
            sending.put(flush(10))
        expected = codec.pickles(Points().of(flush(10)), 10)
        wait_until(lambda: carbon.everything() == expected)


def test_a_target_that_is_away_holds_no_other_up() -> None:
    away = Target(Address("127.0.0.1", free_port()))
    with recording_carbon() as carbon, output(away, to(carbon)) as sending:
        sending.put(flush(10))
        sending.put(flush(20))
        carbon.wait_for_points(6)
        wait_until(lambda: sending.gauges()[f"outputs.carbon-127_0_0_1-{carbon.port}.queue"] == 0)
        assert sending.gauges()[f"outputs.carbon-127_0_0_1-{away.address.port}.queue"] == 2


def test_what_it_says_of_itself_is_named_by_target() -> None:
    with recording_carbon() as carbon:
        with output(to(carbon)) as sending:
            sending.put(flush(10))
        name = f"outputs.carbon-127_0_0_1-{carbon.port}"
        expected = {f"{name}.sent": 3, f"{name}.dropped": 0, f"{name}.replayed": 0}
        assert sending.counters() == expected
        assert sending.counters() == dict.fromkeys(expected, 0)
        assert sending.gauges() == {f"{name}.queue": 0}


class HeldUp(Points):
    """Points that are not made before they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = Event()

    def of(self, flush: Flush) -> codec.Snapshot:
        self.may.wait(30)
        return super().of(flush)


def test_flushes_that_come_faster_than_they_are_read_are_counted_and_hold_nobody_up() -> None:
    points = HeldUp()
    with recording_carbon() as carbon, output(to(carbon), points=points) as sending:
        for start in range(3 * MAX_UNREAD):
            sending.put(flush(start))
        points.may.set()
        dropped = sending.counters()[f"outputs.carbon-127_0_0_1-{carbon.port}.dropped"]
        kept = 3 * MAX_UNREAD - dropped // 2
        assert MAX_UNREAD <= kept <= 2 * MAX_UNREAD
        carbon.wait_for_points(3 * kept)


def test_large_flushes_wait_in_smaller_numbers() -> None:
    points = HeldUp()
    with (
        recording_carbon() as carbon,
        output(to(carbon), points=points, max_unread_series=6) as sending,
    ):
        for start in range(10):
            sending.put(flush(start))  # of two series each
        dropped = sending.counters()[f"outputs.carbon-127_0_0_1-{carbon.port}.dropped"]
        assert dropped == 2 * 7
        points.may.set()
        carbon.wait_for_points(3 * 3)
        wait_until(lambda: not sending._unread_series)
        sending.put(flush(20))
        carbon.wait_for_points(4 * 3)


class Faulty(Points):
    """Points that cannot be made of the first flush."""

    def of(self, flush: Flush) -> codec.Snapshot:
        if flush.start == 10:
            raise ArithmeticError("a fault")
        return super().of(flush)


def test_a_fault_in_one_flush_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with recording_carbon() as carbon:
        with output(to(carbon), points=Faulty()) as sending:
            sending.put(flush(10))
            sending.put(flush(20))
        assert [one.timestamp for one in carbon.wait_for_points(3)] == [20, 20, 20]
        assert sending.counters()[f"outputs.carbon-127_0_0_1-{carbon.port}.dropped"] == 2
    assert caplog.messages == ["a flush is not sent to Carbon"]
