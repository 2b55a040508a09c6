"""The UDP listener on real sockets of the loopback, by either way to read them."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic

import pytest

from celeryscope.address import Address
from celeryscope.sockets import readers
from celeryscope.sockets.readers import SingleReader
from celeryscope.sockets.recvmmsg import BulkReader
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.udp import UdpListener
from support.listeners import lost, next_batch, received, started
from support.processes import wait_until

LOCAL = Address("127.0.0.1", 0)
LARGEST = 65_507


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False


LOOPBACKS = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]


@pytest.fixture(autouse=True, params=[BulkReader, SingleReader])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """Read as Linux can, or as any system."""
    wanted: type = request.param
    if wanted is SingleReader:
        monkeypatch.setattr(readers, "system_recvmmsg", lambda: None)
    return wanted


@contextmanager
def client_of(listener: UdpListener) -> Iterator[socket.socket]:
    address = listener.address
    with socket.socket(address.family, socket.SOCK_DGRAM) as client:
        client.connect((address.host, address.port))
        yield client


def test_it_reads_by_the_reader_that_the_system_has(reader: type) -> None:
    with closing(UdpListener(LOCAL)) as listener:
        assert isinstance(listener._reader, reader)


def test_datagrams_arrive_whole_and_in_their_order() -> None:
    sent = [b"%d" % i for i in range(3000)] + [b"", b"x" * LARGEST, b"\xff\x00\n", b"short"]
    with started(UdpListener(LOCAL)) as listener, client_of(listener) as client:
        for datagram in sent:
            client.send(datagram)
        assert received(listener, len(sent)) == sent
        assert listener.take().datagrams == []
        assert lost(listener) == {}


@pytest.mark.parametrize("host", LOOPBACKS)
def test_it_receives_on_each_of_the_machines_loopbacks_and_tells_who_sent(host: str) -> None:
    with (
        started(UdpListener(Address(host, 0))) as listener,
        client_of(listener) as first,
        client_of(listener) as second,
    ):
        for i, client in enumerate([first, second, first, second]):
            client.send(b"%d" % i)
        wait_until(lambda: listener.waiting == 4)
        batch = listener.take()
        names = [str(Address(host, client.getsockname()[1])) for client in (first, second)]
        assert listener.address.host == host
        assert batch.datagrams == [b"0", b"1", b"2", b"3"]
        assert [batch.sender_of(i) for i in range(4)] == names * 2
        assert len(set(batch.raw_senders())) == 2


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
    taken = listener.take().datagrams
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
        assert str(successor) == f"udp {successor.address}"


def test_a_peer_that_has_gone_does_not_disturb_it() -> None:
    with started(UdpListener(LOCAL)) as listener:
        for i in range(3):
            with client_of(listener) as client:
                client.send(b"%d" % i)
        assert received(listener, 3) == [b"0", b"1", b"2"]


def test_what_is_beyond_the_backlog_is_dropped_and_counted() -> None:
    backlog = Backlog(max_datagrams=10)
    with started(UdpListener(LOCAL, backlog)) as listener, client_of(listener) as client:
        for i in range(10):
            client.send(b"%d" % i)
        wait_until(lambda: listener.waiting == 10, what="a full backlog")
        for i in range(15):
            client.send(b"%d" % i)
        dropped = 0

        def all_dropped() -> bool:
            nonlocal dropped
            dropped += listener.take_drops()["backlog"]
            return dropped == 15

        wait_until(all_dropped)
        assert listener.take().datagrams == [b"%d" % i for i in range(10)]
        client.send(b"room again")
        assert received(listener, 1) == [b"room again"]
        assert lost(listener) == {}


def test_what_the_kernel_dropped_is_exactly_what_was_sent_and_not_received() -> None:
    sent = 5000
    with closing(UdpListener(LOCAL, buffer_bytes=2048)) as listener:
        with client_of(listener) as client:
            for _ in range(sent // 2):
                client.send(b"a:1|c")
            first = lost(listener)
            assert list(first) == ["kernel"]
            assert 0 < first["kernel"] < sent // 2
            listener.start()
            for _ in range(sent // 2):
                client.send(b"a:1|c")
            listener.stop()
        arrived = len(listener.take().datagrams)
        assert arrived + first["kernel"] + lost(listener).get("kernel", 0) == sent
        assert lost(listener) == {}


def test_a_buffer_smaller_than_wanted_is_told_with_the_line_that_helps(
    caplog: pytest.LogCaptureFixture,
) -> None:
    no_kernel_grants = 2**31 - 1
    with closing(UdpListener(LOCAL, buffer_bytes=no_kernel_grants)):
        assert f"`sysctl -w net.core.rmem_max={no_kernel_grants}`" in caplog.text
    caplog.clear()
    with closing(UdpListener(LOCAL, buffer_bytes=65_536)):
        assert caplog.text == ""


def test_receiving_goes_on_after_errors_that_are_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    listener = UdpListener(LOCAL)
    read = listener._reader.read
    errors = iter([InterruptedError(), *[OSError("out of order")] * 3])

    def read_after_errors(*, wait: bool) -> tuple[list[bytes], bytes]:
        for error in errors:
            raise error
        return read(wait=wait)

    monkeypatch.setattr(listener._reader, "read", read_after_errors)
    with started(listener), client_of(listener) as client:
        client.send(b"after all")
        assert next_batch(listener).datagrams == [b"after all"]
    assert caplog.text.count("out of order") == 1


def test_a_taken_address_is_refused_and_leaves_no_socket_open() -> None:
    with closing(UdpListener(LOCAL)) as listener, pytest.raises(OSError, match="in use"):
        UdpListener(listener.address)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match="assign"):
        UdpListener(Address("192.0.2.1", 0))
