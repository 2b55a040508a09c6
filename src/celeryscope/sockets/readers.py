"""Datagrams of a socket, many at once where the system can."""

import socket
from typing import Protocol

from celeryscope.sockets import senders
from celeryscope.sockets.recvmmsg import SLOT_BYTES, BulkReader, system_recvmmsg


class Reader(Protocol):
    """Reads at most `limit` datagrams a call, and who sent them."""

    limit: int

    def read(self, *, wait: bool) -> tuple[list[bytes], bytes]:
        """Return what is there, or if `wait` what comes first; and its senders.

        Raises:
            BlockingIOError: Nothing is there, or came within the socket's time-out.
            OSError: Receiving failed.
        """


class SingleReader:
    """Reads one datagram a call, by what Python has on every system."""

    limit = 1

    def __init__(self, source: socket.socket, sender_width: int) -> None:
        self._socket = source
        self._names = sender_width > 0

    def read(self, *, wait: bool) -> tuple[list[bytes], bytes]:
        flags = 0 if wait else socket.MSG_DONTWAIT
        datagram, sender = self._socket.recvfrom(SLOT_BYTES, flags)
        return [datagram], senders.pack(*sender[:2]) if self._names else b""


def reader_of(bound: socket.socket) -> Reader:
    """Return the best reader that this system has for a socket."""
    width = senders.WIDTHS.get(bound.family, 0)
    recvmmsg = system_recvmmsg()
    return SingleReader(bound, width) if recvmmsg is None else BulkReader(bound, width, recvmmsg)
