import contextlib
import socket
from collections.abc import Iterator

import pytest

from celeryscope.address import Address
from celeryscope.outputs.link import Link
from support.processes import free_port, wait_until
from support.recording_carbon import recording_carbon

LINE = b"a.b 1 1700000000\n"
MORE_THAN_BUFFERS_HOLD = LINE * 2_000_000


@contextlib.contextmanager
def link_to(port: int, patience: float = 30.0) -> Iterator[Link]:
    with contextlib.closing(Link(Address("127.0.0.1", port), patience)) as link:
        yield link


@contextlib.contextmanager
def deaf_peer() -> Iterator[int]:
    """Listen on a port and read nothing from it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def always() -> bool:
    return True


def test_a_payload_larger_than_all_buffers_is_delivered_as_a_whole() -> None:
    with recording_carbon() as carbon, link_to(carbon.port) as link:
        link.deliver(LINE * 300_000, always)
        link.deliver(b"last 1 1700000000\n", always)
        wait_until(lambda: len(carbon.lines()) == 300_001)
        assert carbon.lines()[-1] == "last 1 1700000000"


def test_a_peer_that_takes_nothing_counts_as_gone() -> None:
    with (
        deaf_peer() as port,
        link_to(port, patience=0.3) as link,
        pytest.raises(TimeoutError, match="bytes were not taken in time"),
    ):
        link.deliver(MORE_THAN_BUFFERS_HOLD, always)


def test_a_delivery_ends_when_it_may_not_go_on() -> None:
    with deaf_peer() as port, link_to(port) as link, pytest.raises(TimeoutError):
        link.deliver(MORE_THAN_BUFFERS_HOLD, lambda: False)


def test_a_peer_that_closed_is_noticed_before_anything_is_sent() -> None:
    with recording_carbon() as carbon, link_to(carbon.port) as link:
        link.deliver(LINE, always)
        assert link.is_open()
        carbon.wait_for_points(1)
        carbon.hang_up()
        wait_until(lambda: not link.is_open())


def test_a_delivery_to_a_peer_that_closes_meanwhile_fails() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        link_to(listening.getsockname()[1]) as link,
    ):
        peer, _ = listening.accept()

        def close_and_go_on() -> bool:
            peer.close()
            return True

        with pytest.raises(OSError, match=r"closed|reset|Broken pipe"):
            link.deliver(MORE_THAN_BUFFERS_HOLD, close_and_go_on)


def test_a_peer_that_talks_does_not_disturb() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        link_to(listening.getsockname()[1]) as link,
    ):
        peer, _ = listening.accept()
        with peer:
            peer.sendall(b"hello\n" * 1000)
            link.deliver(LINE, always)
            assert peer.recv(100) == LINE


def test_nobody_listening_is_said_at_once() -> None:
    with pytest.raises(ConnectionRefusedError):
        Link(Address("127.0.0.1", free_port()))
