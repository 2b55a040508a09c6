"""The limits of a door, on real connections of the loopback."""

import os
import resource
import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import ANY

import pytest

from celeryscope.address import Address
from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.refusals import Refusals
from celeryscope.carbon.streams import MessageStream
from celeryscope.carbon.tcp import TcpDoor
from celeryscope.tally import Tally
from support.processes import wait_until


class Turning:
    """A door whose sockets are read when a test says so."""

    def __init__(self, max_connections: int, max_held: int) -> None:
        refusals = Refusals()
        decoder = Decoder(refusals)
        self.drops = Tally(["connections", "torn"])
        self._ready = selectors.DefaultSelector()
        self.door = TcpDoor(
            Address("127.0.0.1", 0),
            lambda sender: MessageStream(decoder, refusals, sender),
            self.drops,
            max_connections,
            max_held,
        )
        self.door.attach(self._ready)

    def turn(self) -> bool:
        ready = self._ready.select(5)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def client(self) -> socket.socket:
        """Return a client that was accepted, or turned away."""
        client = self.connected()
        assert self.turn()
        return client

    def connected(self) -> socket.socket:
        """Return a client that was not accepted yet."""
        client = socket.create_connection((self.door.address.host, self.door.address.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def close(self) -> None:
        self.door.close()
        self._ready.close()


@contextmanager
def turning(max_connections: int = 10, max_held: int = 10_000) -> Iterator[Turning]:
    door = Turning(max_connections, max_held)
    try:
        yield door
    finally:
        door.close()


def lost(door: Turning) -> dict[str, int]:
    return {place: count for place, count in door.drops.take().items() if count}


def was_closed(client: socket.socket) -> bool:
    client.settimeout(10)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_one_client_too_many_is_turned_away_and_counted() -> None:
    with turning(max_connections=1) as door, door.client() as first:
        with door.client() as second:
            assert was_closed(second)
        assert lost(door) == {"connections": 1}
        first.close()
        assert door.turn()
        with door.client() as third:
            third.sendall(b"\0")
            assert door.turn()
        assert lost(door) == {}


def test_what_all_clients_have_not_completed_is_bounded() -> None:
    with turning(max_held=10_000) as door, door.client() as first, door.client() as second:
        first.sendall(b"\0\0\xff\xff" + b"x" * 6000)
        assert door.turn()
        second.sendall(b"\0\0\xff\xff" + b"x" * 6000)
        assert door.turn()
        assert was_closed(second)
        assert lost(door) == {"torn": 1}
        with door.client() as third:
            third.sendall(b"\0\0\xff\xff" + b"x" * 3000)
            assert door.turn()
            assert lost(door) == {}
            first.close()
            assert door.turn()
            assert lost(door) == {"torn": 1}


def test_a_client_waits_while_no_file_can_be_opened(caplog: pytest.LogCaptureFixture) -> None:
    with turning() as door, door.connected() as client:
        with no_file_can_be_opened():
            assert door.turn()
            assert door.turn()
        assert [record.args for record in caplog.records] == [(door.door, ANY)]
        assert "Too many open files" in caplog.text
        assert door.turn()
        client.sendall(b"\0")
        wait_until(lambda: door.turn() and door.door._held == 1, what="the client's turn")


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, allowed[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
