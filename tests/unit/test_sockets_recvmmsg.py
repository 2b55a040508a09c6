"""Reading many datagrams at once, on a socket that nobody else reads."""

import ctypes
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from celeryscope.sockets import senders
from celeryscope.sockets.recvmmsg import BulkReader, system_recvmmsg

WIDTH = senders.WIDTHS[socket.AF_INET]


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiving.bind(("127.0.0.1", 0))
        yield receiving


@pytest.fixture
def reader(bound: socket.socket) -> BulkReader:
    recvmmsg = system_recvmmsg()
    assert recvmmsg is not None
    return BulkReader(bound, WIDTH, recvmmsg)


def test_a_call_brings_all_that_is_there_with_its_senders(
    bound: socket.socket, reader: BulkReader
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(bound.getsockname())
        sent = [b"x" * size for size in (0, 1, 9000, 65_507, 2)]
        for datagram in sent:
            client.send(datagram)
        datagrams, their_senders = reader.read(wait=True)
        assert datagrams == sent
        assert their_senders == senders.pack(*client.getsockname()) * len(sent)


def test_what_a_slot_held_before_does_not_show(bound: socket.socket, reader: BulkReader) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(bound.getsockname())
        for datagram in (b"a long one", b"b"):
            client.send(datagram)
            assert reader.read(wait=True)[0] == [datagram]


def test_nothing_there_and_a_broken_socket_are_told_apart(
    bound: socket.socket, reader: BulkReader
) -> None:
    with pytest.raises(BlockingIOError):
        reader.read(wait=False)
    with closing(bound):
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        reader.read(wait=False)


def test_systems_that_do_not_have_it_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert system_recvmmsg() is None
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert system_recvmmsg() is None
