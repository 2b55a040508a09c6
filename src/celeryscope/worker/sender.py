"""Sends datagrams from inside a task: never blocks, never raises, counts what it loses."""

import os
import socket
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator

from celeryscope.worker.address import Address
from celeryscope.worker.log import log
from celeryscope.worker.route import Lookup, Route, look_up

# What fits an Ethernet frame over IPv6 and a tunnel or two without being fragmented.
MAX_DATAGRAM_BYTES = 1432
_MAX_HELD = 256
_TEND_SECONDS = 1.0
_REPORT_SECONDS = 10.0
_SENT = b"celeryscope.client.sent:%d|c"
_DROPPED = b"celeryscope.client.dropped:%d|c"


class Sender:
    """One address's non-blocking UDP socket, opened by the first `send` of each process.

    Datagrams wait, at most 256 of them, only while the address's name is being looked up.
    Every ten seconds one of them also carries how many were sent and lost. Safe in threads and
    greenlets; a forked child starts over with a socket and counts of its own.
    """

    def __init__(
        self,
        address: Address,
        lookup: Lookup = look_up,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self._lookup = lookup
        self._clock = clock
        self._socket: socket.socket | None = None
        self._start_over()
        start_over = weakref.WeakMethod(self._start_over)
        os.register_at_fork(after_in_child=lambda: (method := start_over()) and method())

    def send(self, datagram: bytes) -> None:
        """Send lines joined by newlines, in one datagram if they fit one."""
        now = self._clock()
        if now >= self._tend_at:
            datagram += self._tend(now)
        connected = self._socket
        if connected is None:
            self._hold(datagram)
        elif len(datagram) > MAX_DATAGRAM_BYTES:
            for part in _parts(datagram):
                self._put(connected, part)
        else:
            self._put(connected, datagram)

    def report(self) -> None:
        """Send the counts of what was sent and lost since they were last sent."""
        connected = self._socket
        if connected is not None and (lines := self._take_counts()):
            self._put(connected, lines.lstrip(b"\n"))

    def close(self) -> None:
        """Close the socket; a later `send` opens a new one."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _start_over(self) -> None:
        self.close()
        self.sent = 0
        self.dropped = 0
        self._refused = False
        self._held: deque[bytes] = deque()
        self._route = Route(self.address, self._opened, self._failed, self._lookup, self._clock)
        self._tend_at = float("-inf")
        self._report_at = self._clock() + _REPORT_SECONDS

    def _tend(self, now: float) -> bytes:
        self._tend_at = now + _TEND_SECONDS
        self._route.refresh()
        # While nobody listens the counts stay here, or they would be lost too.
        refused, self._refused = self._refused, False
        if refused or self._socket is None or now < self._report_at:
            return b""
        self._report_at = now + _REPORT_SECONDS
        return self._take_counts()

    def _take_counts(self) -> bytes:
        sent, dropped = max(self.sent, 0), self.dropped
        self.sent -= sent
        self.dropped -= dropped
        lines = b"\n" + _SENT % sent if sent else b""
        return lines + b"\n" + _DROPPED % dropped if dropped else lines

    def _put(self, connected: socket.socket, datagram: bytes) -> None:
        try:
            connected.send(datagram)
        except ConnectionRefusedError as error:
            # It tells of an earlier datagram, which was counted as sent: this one, not sent yet,
            # takes that place in the counts.
            self._refused = True
            self._drop(1, error)
            self._put_again(connected, datagram)
        except OSError as error:
            self._drop(1, error)
        else:
            self.sent += 1

    def _put_again(self, connected: socket.socket, datagram: bytes) -> None:
        try:
            connected.send(datagram)
        except OSError as error:
            self.sent -= 1
            self._drop(1, error)

    def _hold(self, datagram: bytes) -> None:
        if self._route.searching and len(self._held) < _MAX_HELD:
            self._held.append(datagram)
        else:
            self._drop(1, "no address yet")
        # The lookup's thread may have finished meanwhile, without seeing this datagram.
        if self._socket is not None:
            self._release(self._socket)

    def _opened(self, connected: socket.socket) -> None:
        self.close()
        self._socket = connected
        self._release(connected)

    def _release(self, connected: socket.socket) -> None:
        while self._held:
            for part in _parts(self._held.popleft()):
                self._put(connected, part)

    def _failed(self, error: Exception) -> None:
        held = len(self._held)
        self._held.clear()
        if self._socket is None:
            self._drop(held, error)

    def _drop(self, datagrams: int, reason: object) -> None:
        self.dropped += datagrams
        log.warning(
            "celeryscope could not send to %s (%s); tasks are not affected, metrics are lost",
            self.address,
            reason,
        )


def _parts(datagram: bytes) -> Iterator[bytes]:
    part = b""
    for line in datagram.split(b"\n"):
        if part and len(part) + 1 + len(line) > MAX_DATAGRAM_BYTES:
            yield part
            part = line
        else:
            part = part + b"\n" + line if part else line
    yield part
