"""The repeater against UDP sinks of the test's own."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.address import Address
from celeryscope.outputs.repeater import MAX_DATAGRAM, Repeater, Target, cut, look_up
from support.processes import free_port, wait_until
from support.udp import receiver


def target(address: str) -> Target:
    host, _, port = address.rpartition(":")
    return socket.AF_INET, (host, int(port))


def counts(repeater: Repeater) -> dict[str, int]:
    return {name.rpartition(".")[2]: count for name, count in repeater.counters().items()}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_arrive_as_they_are(host: str) -> None:
    datagrams = [b"a:1|c", b"b:2|ms\nc:3|g", b"\xff\x00 no StatsD"]
    with receiver(host) as sink:
        repeater = Repeater(Address.parse(sink.address))
        repeater.start()
        repeater.put_datagrams(datagrams)
        repeater.stop()
        sink.wait_for(lambda it: it.datagrams() == datagrams)
    assert counts(repeater) == {"sent": 3, "dropped": 0}
    assert counts(repeater) == {"sent": 0, "dropped": 0}


def test_what_one_that_is_down_does_not_get_is_counted_as_dropped_instead() -> None:
    repeater = Repeater(Address("127.0.0.1", free_port(socket.SOCK_DGRAM)))
    repeater.start()
    repeater.put_datagrams([b"a:1|c"] * 500)
    repeater.stop()
    told = counts(repeater)
    assert told["sent"] + told["dropped"] == 500
    assert told["dropped"] > 0  # as many as the kernel tells of: all, unless it is busy


def test_one_that_comes_up_gets_what_comes_from_then_on() -> None:
    port = free_port(socket.SOCK_DGRAM)
    repeater = Repeater(Address("127.0.0.1", port))
    repeater.start()
    repeater.put_datagrams([b"a:1|c"])
    wait_until(lambda: sum(counts(repeater).values()))
    with receiver(port=port) as sink:
        repeater.put_datagrams([b"b:1|c"])
        sink.wait_for(lambda it: it.datagrams() == [b"b:1|c"])
        repeater.stop()
    assert sum(counts(repeater).values()) >= 1


def test_what_finds_no_room_is_dropped_and_counted() -> None:
    repeater = Repeater(Address("127.0.0.1", 9), max_waiting=2)
    repeater.put_datagrams([b"a:1|c"] * 5)
    assert counts(repeater) == {"sent": 0, "dropped": 3}
    assert repeater.gauges() == {"outputs.repeater-127_0_0_1-9.queue": 2.0}


def test_a_name_that_leads_nowhere_is_counted_logged_once_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    leads_to: list[Target] = []

    def resolve(_: Address) -> Target:
        if not leads_to:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return leads_to[0]

    repeater = Repeater(Address("statsd.test", 8125), resolve=resolve, clock=lambda: now)
    repeater.start()
    for second in (0.0, 1.0):
        now = second
        repeater.put_datagrams([b"a:1|c"])
        wait_until(lambda: counts(repeater)["dropped"] == 1)
    with receiver() as sink:
        leads_to.append(target(sink.address))
        now = 2.0
        repeater.put_datagrams([b"b:1|c"])
        repeater.stop()
        sink.wait_for(lambda it: it.datagrams() == [b"b:1|c"])
    assert [record.name for record in caplog.records] == ["celeryscope.outputs.repeater"]


def test_a_name_is_followed_to_where_it_leads_a_minute_later() -> None:
    now = 0.0
    with receiver() as old, receiver() as new:
        leads_to = [target(old.address)]
        repeater = Repeater(
            Address("statsd.test", 8125), resolve=lambda _: leads_to[0], clock=lambda: now
        )
        repeater.start()
        repeater.put_datagrams([b"1:1|c"])
        old.wait_for(lambda it: it.datagrams() == [b"1:1|c"])
        leads_to[0] = target(new.address)
        repeater.put_datagrams([b"2:1|c"])
        old.wait_for(lambda it: it.datagrams() == [b"1:1|c", b"2:1|c"])
        now = 60.0
        repeater.put_datagrams([b"3:1|c"])
        new.wait_for(lambda it: it.datagrams() == [b"3:1|c"])
        repeater.stop()


def test_this_machine_has_an_address() -> None:
    assert look_up(Address("127.0.0.1", 8125)) == (socket.AF_INET, ("127.0.0.1", 8125))


def test_what_does_not_fit_a_frame_is_cut_at_line_ends() -> None:
    lines = [b"name%04d:1|c" % n for n in range(500)]
    parts = list(cut(b"\n".join(lines)))
    assert [line for part in parts for line in part.split(b"\n")] == lines
    assert max(map(len, parts)) <= MAX_DATAGRAM
    assert len(parts) == len(b"\n".join(lines)) // MAX_DATAGRAM + 1


@given(st.lists(st.integers(0, 2 * MAX_DATAGRAM), min_size=1))
def test_cutting_keeps_every_line_and_no_empty_one(lengths: list[int]) -> None:
    datagram = b"\n".join(b"x" * length for length in lengths)
    parts = list(cut(datagram))
    if len(datagram) <= MAX_DATAGRAM:
        assert parts == [datagram]
    else:
        lines = [line for part in parts for line in part.split(b"\n")]
        assert [line for line in lines if line] == [b"x" * length for length in lengths if length]
        assert all(len(part) <= MAX_DATAGRAM or b"\n" not in part for part in parts)
