"""A TCP connection that knows what its peer has taken."""

import select
import socket
import struct
import sys
import time
from collections.abc import Callable

from celeryscope.address import Address

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ

_CONNECT_SECONDS = 3.0
_PATIENCE = 30.0
_CHUNK = 1 << 18
_FIRST_POLL_MS, _SLOWEST_POLL_MS = 1, 200
_INT = struct.Struct("i")


class Link:
    """One connection, open until it is closed by either side.

    A peer that takes nothing for `patience` seconds counts as gone.
    """

    def __init__(
        self,
        address: Address,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect.

        Raises:
            OSError: The peer cannot be reached.
        """
        self._patience = patience
        self._clock = clock
        self._socket = socket.create_connection((address.host, address.port), _CONNECT_SECONDS)
        self._socket.settimeout(0)

    def close(self) -> None:
        self._socket.close()

    def is_open(self) -> bool:
        """Tell whether the peer has not closed, as far as is known here."""
        try:
            while received := self._socket.recv(_CHUNK):
                del received
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def deliver(self, payload: bytes, may_go_on: Callable[[], bool]) -> None:
        """Send, and return when the peer's system has acknowledged all.

        Raises:
            OSError: The peer has closed, takes nothing, or `may_go_on` says no.
        """
        rest = memoryview(payload)
        least, deadline, poll_ms = sys.maxsize, 0.0, _FIRST_POLL_MS
        while left := len(rest := rest[self._send(rest) :]) + self._unacknowledged():
            self._check_open()
            if left < least:
                least, deadline, poll_ms = left, self._clock() + self._patience, _FIRST_POLL_MS
            elif self._clock() >= deadline or not may_go_on():
                raise TimeoutError(f"{left} bytes were not taken in time")
            self._wait(poll_ms, to_send=bool(rest))
            poll_ms = min(2 * poll_ms, _SLOWEST_POLL_MS)
        self._check_open()

    def _check_open(self) -> None:
        if not self.is_open():
            raise ConnectionResetError("the peer closed the connection")

    def _send(self, rest: memoryview) -> int:
        try:
            return self._socket.send(rest[:_CHUNK]) if rest else 0
        except BlockingIOError:
            return 0

    def _unacknowledged(self) -> int:
        """Return how many bytes wait here or are on their way; 0 where the system does not say."""
        if sys.platform != "linux":
            return 0
        (waiting,) = _INT.unpack(ioctl(self._socket, TIOCOUTQ, bytes(_INT.size)))
        return int(waiting)

    def _wait(self, milliseconds: int, *, to_send: bool) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if to_send else 0))
        poll.poll(milliseconds)
