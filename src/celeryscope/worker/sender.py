"""Sends datagrams from inside a task: never blocks, never raises, counts what it loses."""

import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator

from celeryscope.worker.address import Address, Transport
from celeryscope.worker.buffered import MAX_WAITING, BufferedSocket
from celeryscope.worker.log import log
from celeryscope.worker.route import Link, Lookup, Route, look_up

# What fits an Ethernet frame over IPv6 and a tunnel or two without being fragmented.
MAX_DATAGRAM_BYTES = 1432
_TEND_SECONDS = 1.0
_REPORT_SECONDS = 10.0
_FAREWELL_SECONDS = 0.25
_SENT = b"celeryscope.client.sent:%d|c"
_DROPPED = b"celeryscope.client.dropped:%d|c"


class Sender:
    """One address's non-blocking socket, opened by the first `send` of each process.

    Datagrams wait, at most 1024 of them, only while the address's name is being looked up; for
    TCP and Unix sockets also while the server is away or busy. Every ten seconds one of them also
    carries how many were sent and lost. Safe in threads and greenlets; a forked child starts over
    with a socket and counts of its own.
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
        self._link: Link | None = None
        self._start_over()
        start_over = weakref.WeakMethod(self._start_over)
        os.register_at_fork(after_in_child=lambda: (method := start_over()) and method())

    def send(self, datagram: bytes) -> None:
        """Send lines joined by newlines, in one datagram if they fit one."""
        now = self._clock()
        if now >= self._tend_at and self._tend(now):
            self._report_with(datagram)
            return
        link = self._link
        if link is not None and len(datagram) <= MAX_DATAGRAM_BYTES:
            self._put(link, datagram)
        else:
            for part in _parts(datagram):
                self._put_or_hold(part)

    def report(self) -> None:
        """Send the counts of what was sent and lost since they were last sent."""
        if self._link is not None and (self.sent > 0 or self.dropped):
            self._report_with()

    def finish(self) -> None:
        """Report as the process ends; may wait twice for a quarter of a second."""
        self._route.finish(_FAREWELL_SECONDS)
        self.report()
        if isinstance(self._link, BufferedSocket):
            self._link.finish(_FAREWELL_SECONDS)

    def close(self) -> None:
        """Close the socket; a later `send` opens a new one."""
        if self._link is not None:
            self._link.close()
        self._link = None

    def _start_over(self) -> None:
        self.close()
        self.sent = 0
        self.dropped = 0
        self._refused = False
        self._held: deque[bytes] = deque()
        self._route = Route(self.address, self._opened, self._failed, self._lookup, self._clock)
        self._tend_at = float("-inf")
        self._report_at = self._clock() + _REPORT_SECONDS

    def _tend(self, now: float) -> bool:
        """Do what is due; tell whether a report is."""
        self._tend_at = now + _TEND_SECONDS
        if isinstance(self._link, BufferedSocket) and self._link.ended():
            self._lose(self._link)
        self._route.refresh()
        # While nobody listens the counts stay here, or they would be lost too.
        refused, self._refused = self._refused, False
        if refused or self._link is None or now < self._report_at:
            return False
        self._report_at = now + _REPORT_SECONDS
        return True

    def _report_with(self, *datagram: bytes) -> None:
        sent, dropped = max(self.sent, 0), self.dropped
        counts = [_SENT % sent] if sent else []
        counts += [_DROPPED % dropped] if dropped else []
        # The counts go first: a server compares them with what it received before they came.
        taken = [self._put_or_hold(part) for part in _parts(b"\n".join([*counts, *datagram]))]
        if counts and taken[0]:
            self.sent -= sent
            self.dropped -= dropped

    def _put(self, link: Link, datagram: bytes) -> bool:
        try:
            link.send(datagram)
        except OSError as error:
            return self._not_sent(link, datagram, error)
        self.sent += 1
        return True

    def _not_sent(self, link: Link, datagram: bytes, error: OSError) -> bool:
        """Count a datagram that was not taken; tell whether it will be sent after all."""
        if isinstance(link, BufferedSocket) and not isinstance(error, BlockingIOError):
            self._lose(link)
            return self._hold(datagram)
        self._drop(1, error)
        if isinstance(error, ConnectionRefusedError):
            # It tells of an earlier datagram, which was counted as sent: this one, not sent yet,
            # takes that place in the counts.
            self._refused = True
            return self._put_again(link, datagram)
        return False

    def _put_again(self, link: Link, datagram: bytes) -> bool:
        try:
            link.send(datagram)
        except OSError as error:
            self.sent -= 1
            self._drop(1, error)
            return False
        return True

    def _lose(self, link: BufferedSocket) -> None:
        if self._link is not link:
            return
        self._link = None
        self._route.lost()
        whole, cut = link.abandon()
        self.sent -= len(whole) + cut
        self._held.extendleft(reversed(whole))
        self._drop(cut, "the connection was lost")

    def _put_or_hold(self, datagram: bytes) -> bool:
        link = self._link
        return self._hold(datagram) if link is None else self._put(link, datagram)

    def _hold(self, datagram: bytes) -> bool:
        held = self._may_hold() and len(self._held) < MAX_WAITING
        if held:
            self._held.append(datagram)
        else:
            self._drop(1, "no connection")
        # The route's thread may have finished meanwhile, without seeing this datagram.
        if self._link is not None:
            self._release(self._link)
        return held

    def _may_hold(self) -> bool:
        return self._route.searching or self.address.transport is not Transport.UDP

    def _opened(self, link: Link) -> None:
        self.close()
        self._link = link
        self._release(link)

    def _release(self, link: Link) -> None:
        try:
            while self._link is link:
                self._put(link, self._held.popleft())
        except IndexError:  # nothing is held any more
            return

    def _failed(self, error: Exception) -> None:
        if self._link is None:
            held = len(self._held) if self.address.transport is Transport.UDP else 0
            for _ in range(held):
                self._held.popleft()
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
