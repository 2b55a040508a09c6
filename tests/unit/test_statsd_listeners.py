"""The listener on real sockets of the loopback."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic

import pytest

from celeryscope.address import Address
from celeryscope.statsd.listeners import UdpListener
from support.processes import wait_until

LOCAL = Address("127.0.0.1", 0)
LARGEST = 65_507


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False


LOOPBACKS = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]


@contextmanager
def started(listener: UdpListener) -> Iterator[UdpListener]:
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


@contextmanager
def client_of(listener: UdpListener) -> Iterator[socket.socket]:
    address = listener.address
    with socket.socket(address.family, socket.SOCK_DGRAM) as client:
        client.connect((address.host, address.port))
        yield client


def received(listener: UdpListener, wanted: int) -> list[bytes]:
    """Take until there are as many datagrams as wanted."""
    taken: list[bytes] = []

    def enough() -> bool:
        taken.extend(listener.take())
        return len(taken) >= wanted

    wait_until(enough, what=f"{wanted} datagrams")
    return taken


def test_datagrams_arrive_whole_and_in_their_order() -> None:
    sent = [b"%d" % i for i in range(500)] + [b"", b"x" * LARGEST, b"\xff\x00\n"]
    with started(UdpListener(LOCAL)) as listener, client_of(listener) as client:
        for datagram in sent:
            client.send(datagram)
        assert received(listener, len(sent)) == sent
        assert listener.take() == []
        assert listener.take_drops() == (0, 0)


@pytest.mark.parametrize("host", LOOPBACKS)
def test_it_receives_on_each_of_the_machines_loopbacks(host: str) -> None:
    with started(UdpListener(Address(host, 0))) as listener, client_of(listener) as client:
        client.send(b"here")
        assert listener.address.host == host
        assert received(listener, 1) == [b"here"]


def test_what_came_before_the_start_and_up_to_the_stop_can_be_taken_after_it() -> None:
    listener = UdpListener(LOCAL)
    with client_of(listener) as client:
        client.send(b"before the start")
        listener.start()
        for i in range(200):
            client.send(b"%d" % i)
        client.send(b"")
        client.send(b"last")
        listener.stop()
    taken = listener.take()
    assert len(taken) == 203
    assert (taken[0], taken[-1]) == (b"before the start", b"last")


@pytest.mark.parametrize("host", ["0.0.0.0", *LOOPBACKS])
def test_it_stops_soon_when_nobody_sends_and_frees_its_address(host: str) -> None:
    listener = UdpListener(Address(host, 0))
    port = listener.address.port
    listener.start()
    began = monotonic()
    listener.stop()
    assert monotonic() - began < 5
    with closing(UdpListener(Address(host, port))) as successor:
        assert successor.address.port == port


def test_a_peer_that_has_gone_does_not_disturb_it() -> None:
    with started(UdpListener(LOCAL)) as listener:
        for i in range(3):
            with client_of(listener) as client:
                client.send(b"%d" % i)
        assert received(listener, 3) == [b"0", b"1", b"2"]


def test_what_is_beyond_the_backlog_is_dropped_and_counted() -> None:
    with started(UdpListener(LOCAL, max_backlog=10)) as listener, client_of(listener) as client:
        for i in range(25):
            client.send(b"%d" % i)
        dropped = 0

        def all_dropped() -> bool:
            nonlocal dropped
            dropped += listener.take_drops()[0]
            return dropped == 15

        wait_until(all_dropped)
        assert listener.take() == [b"%d" % i for i in range(10)]
        client.send(b"room again")
        assert received(listener, 1) == [b"room again"]
        assert listener.take_drops() == (0, 0)


def test_what_the_kernel_dropped_is_exactly_what_was_sent_and_not_received() -> None:
    sent = 5000
    with closing(UdpListener(LOCAL, buffer_bytes=2048)) as listener:
        with client_of(listener) as client:
            for _ in range(sent // 2):
                client.send(b"a:1|c")
            first = listener.take_drops()
            assert first[0] == 0
            assert 0 < first[1] < sent // 2
            listener.start()
            for _ in range(sent // 2):
                client.send(b"a:1|c")
            listener.stop()
        arrived = len(listener.take())
        assert arrived + first[1] + listener.take_drops()[1] == sent
        assert listener.take_drops() == (0, 0)


def test_a_taken_address_is_refused_and_leaves_no_socket_open() -> None:
    with closing(UdpListener(LOCAL)) as listener, pytest.raises(OSError, match="in use"):
        UdpListener(listener.address)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match="assign"):
        UdpListener(Address("192.0.2.1", 0))
