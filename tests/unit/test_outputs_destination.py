import contextlib
import logging
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from celeryscope.address import Address
from celeryscope.outputs.destination import Destination
from celeryscope.outputs.link import Link
from celeryscope.outputs.spool import Parcel
from support.processes import free_port, wait_until
from support.recording_carbon import recording_carbon


def parcel(start: int, points: int = 2) -> Parcel:
    lines = "".join(f"a.p{number} {number} {start}\n" for number in range(points))
    return Parcel(start, points, lines.encode())


class Outage:
    """Makes connections fail, until it is over."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.over = Event()

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def connect(self, address: Address) -> Link:
        if self.over.is_set():
            return Link(address)
        raise ConnectionRefusedError("nobody is there")


@contextlib.contextmanager
def destination(
    port: int,
    buffer_bytes: int = 1_000_000,
    pause: Callable[[float], object] | None = None,
    connect: Callable[[Address], Link] = Link,
) -> Iterator[Destination]:
    made = Destination(Address("127.0.0.1", port), buffer_bytes, pause, connect)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def test_parcels_are_delivered_in_order_and_counted_once() -> None:
    with recording_carbon() as carbon, destination(carbon.port) as sending:
        for start in (10, 20, 30):
            sending.put(parcel(start))
        carbon.wait_for_points(6)
        wait_until(lambda: sending.waiting == 0)
        assert carbon.timestamps() == [10, 20, 30]
        assert sending.take_counts() == {"sent": 6, "dropped": 0, "replayed": 0}
        assert sending.take_counts() == {"sent": 0, "dropped": 0, "replayed": 0}


def test_a_name_is_one_path_node() -> None:
    assert Destination(Address("127.0.0.1", 2003), 1).name == "carbon-127_0_0_1-2003"
    assert (
        Destination(Address("graphite.example.org", 1), 1).name == "carbon-graphite_example_org-1"
    )


def test_attempts_get_rarer_and_a_whole_outage_is_replayed_in_order() -> None:
    outage = Outage()
    with (
        recording_carbon() as carbon,
        destination(carbon.port, pause=outage.pause, connect=outage.connect) as sending,
    ):
        for start in range(10, 50, 10):
            sending.put(parcel(start))
        wait_until(lambda: len(outage.pauses) > 7)
        assert sending.waiting == 4
        assert outage.pauses[:8] == [1, 2, 4, 8, 16, 30, 30, 30]
        outage.over.set()
        carbon.wait_for_points(8)
        wait_until(lambda: sending.waiting == 0)
        sending.put(parcel(50))
        carbon.wait_for_points(10)
        wait_until(lambda: sending.waiting == 0)
        assert carbon.timestamps() == [10, 20, 30, 40, 50]
        assert len(carbon.lines()) == 10
        assert sending.take_counts() == {"sent": 10, "dropped": 0, "replayed": 8}


def test_the_next_outage_begins_with_a_short_pause_again() -> None:
    outage = Outage()
    with (
        recording_carbon() as carbon,
        destination(carbon.port, pause=outage.pause, connect=outage.connect) as sending,
    ):
        sending.put(parcel(10))
        wait_until(lambda: len(outage.pauses) > 2)
        outage.over.set()
        carbon.wait_for_points(2)
        wait_until(lambda: sending.waiting == 0)
        before = len(outage.pauses)
        outage.over.clear()
        carbon.hang_up()
        sending.put(parcel(20))
        wait_until(lambda: len(outage.pauses) > before + 1)
        assert outage.pauses[before : before + 2] == [1, 2]
        outage.over.set()
        carbon.wait_for_points(4)


def test_an_outage_too_long_for_the_buffer_drops_the_oldest_and_counts_them() -> None:
    outage, room = Outage(), 3 * len(parcel(10).payload)
    with (
        recording_carbon() as carbon,
        destination(carbon.port, room, outage.pause, outage.connect) as sending,
    ):
        for start in range(10, 60, 10):
            sending.put(parcel(start))
        wait_until(lambda: sending.waiting == 3)
        outage.over.set()
        carbon.wait_for_points(6)
        wait_until(lambda: sending.waiting == 0)
        counts = sending.take_counts()
        assert counts["sent"] + counts["dropped"] == 10
        assert counts["dropped"] == 4
        assert carbon.timestamps()[-2:] == [40, 50]


def test_a_peer_that_closed_between_flushes_is_reached_again_without_a_pause() -> None:
    outage = Outage()
    outage.over.set()
    with (
        recording_carbon() as carbon,
        destination(carbon.port, pause=outage.pause, connect=outage.connect) as sending,
    ):
        sending.put(parcel(10))
        carbon.wait_for_points(2)
        wait_until(lambda: sending.waiting == 0)
        carbon.hang_up()
        sending.put(parcel(20))
        carbon.wait_for_points(4)
        assert carbon.timestamps() == [10, 20]
        assert len(carbon.lines()) == 4
        assert outage.pauses == []


class BreakingOnce(Link):
    """A connection that breaks in its first delivery, as a peer that was killed does."""

    broken = False

    def deliver(self, payload: bytes, may_go_on: Callable[[], bool]) -> None:
        if not type(self).broken:
            type(self).broken = True
            super().deliver(payload[: len(payload) // 2], may_go_on)
            raise BrokenPipeError("it was killed")
        super().deliver(payload, may_go_on)


def test_a_flush_whose_delivery_broke_is_sent_again_as_a_whole() -> None:
    class Breaking(BreakingOnce):
        broken = False

    outage = Outage()
    with (
        recording_carbon() as carbon,
        destination(carbon.port, pause=outage.pause, connect=Breaking) as sending,
    ):
        sending.put(parcel(10, points=4))
        wait_until(lambda: sending.waiting == 0)
        # The half may be read, by a thread of its own, after the whole.
        wait_until(lambda: parcel(10, 4).payload.decode() in "\n".join([*carbon.lines(), ""]))
        assert outage.pauses == [1]
        assert sending.take_counts() == {"sent": 4, "dropped": 0, "replayed": 4}


def test_an_outage_is_said_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "celeryscope.outputs.destination")
    outage = Outage()
    with (
        recording_carbon() as carbon,
        destination(carbon.port, pause=outage.pause, connect=outage.connect) as sending,
    ):
        sending.put(parcel(10))
        wait_until(lambda: len(outage.pauses) > 2)
        outage.over.set()
        carbon.wait_for_points(2)
        wait_until(lambda: sending.waiting == 0)
    assert [record.getMessage() for record in caplog.records] == [
        f"{sending.name} is away (nobody is there); flushes are kept until it is back",
        f"{sending.name} is back; flushes to send: 1",
    ]


def test_what_waits_is_delivered_when_it_stops() -> None:
    with recording_carbon() as carbon:
        with destination(carbon.port) as sending:
            for start in range(100):
                sending.put(parcel(start))
        assert len(carbon.wait_for_points(200)) == 200
        assert sending.take_counts()["sent"] == 200


def test_what_cannot_be_delivered_before_the_end_is_counted_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with destination(free_port()) as sending:
        sending.put(parcel(10))
        sending.put(parcel(20))
    assert sending.take_counts() == {"sent": 0, "dropped": 4, "replayed": 0}
    assert caplog.messages[-1] == f"{sending.name}: 2 flushes could not be delivered and are lost"


def test_a_host_that_cannot_be_one_is_away() -> None:
    outage = Outage()
    sending = Destination(Address("a" * 70, 1), 1_000, outage.pause)
    sending.start()
    sending.put(parcel(10))
    wait_until(lambda: outage.pauses)
    sending.stop()
    assert sending.take_counts()["dropped"] == 2
