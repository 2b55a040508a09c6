"""What instrumented processes sent and this server never received.

A process reports every ten seconds how many datagrams its socket took since its last report; the
datagram that carries the report counts for the next one. The server counts what comes from each
socket's address, which nobody else sends from, so other StatsD clients beside it change nothing.

What cannot be compared is not: a sender's first report, where it may speak of what came before this
server listened or remembered the sender; and all reports of an address that brings them more often,
which is a relay's. A report that is itself lost takes its ten seconds' losses with it. So the count
is a lower bound.
"""

import re
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

from celeryscope.statsd.batch import Batch

MAX_SENDERS = 10_000
REPORT_SECONDS = 10.0
# Two reports of one process are never closer together, give or take a network's delay.
_CLOSEST_REPORTS = 0.9 * REPORT_SECONDS
_MARK = b"celeryscope.client.sent:"
_REPORT = re.compile(rb"^celeryscope\.client\.sent:(\d{1,15})\|c\r?$", re.MULTILINE)


@dataclass(slots=True)
class _Sender:
    """How many datagrams came since the last report, and whether the next one can be compared."""

    comparable: bool
    received: int = 0
    reported_at: float = -inf
    is_relay: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """Of `sent` datagrams that clients reported, those that never arrived."""

    sent: int
    lost: int

    @property
    def percent(self) -> float:
        return 100 * self.lost / self.sent


class ClientLosses:
    """Compares what clients say they sent with what came; remembers at most 10,000 senders."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_senders: int = MAX_SENDERS
    ) -> None:
        self._clock = clock
        self._max_senders = max_senders
        self._senders: dict[bytes, _Sender] = {}  # the longest silent one first
        self._comparable_from = clock() + REPORT_SECONDS
        self._sent = 0
        self._lost = 0

    def see(self, batch: Batch) -> None:
        """Count a batch's datagrams by their senders and read the reports among them."""
        if not batch.lossy or not batch.senders:
            return
        now = self._clock()
        if _MARK not in b"\n".join(batch.datagrams):
            self._count(_by_sender(batch), now)
            return
        senders = batch.raw_senders()
        counted = 0
        for i, datagram in enumerate(batch.datagrams):
            report = _REPORT.search(datagram) if _MARK in datagram else None
            if report is not None:
                self._count(Counter(senders[counted:i]), now)
                self._compare(senders[i], int(report[1]), now)
                counted = i
        self._count(Counter(senders[counted:]), now)

    def take(self) -> Loss | None:
        """Return what was compared since the last call, or None if no report was."""
        loss = Loss(self._sent, self._lost) if self._sent else None
        self._sent = self._lost = 0
        return loss

    def _count(self, received: "Counter[bytes]", now: float) -> None:
        for address, count in received.items():
            sender = self._senders.pop(address, None)
            if sender is None:
                sender = _Sender(comparable=now >= self._comparable_from)
            sender.received += count
            self._senders[address] = sender
        self._forget(now)

    def _forget(self, now: float) -> None:
        while len(self._senders) > self._max_senders:
            del self._senders[next(iter(self._senders))]
            # It may come back, and is then no new one.
            self._comparable_from = now + REPORT_SECONDS

    def _compare(self, address: bytes, sent: int, now: float) -> None:
        sender = self._senders.setdefault(address, _Sender(comparable=False))
        sender.is_relay |= now < sender.reported_at + _CLOSEST_REPORTS
        if sender.comparable and not sender.is_relay:
            self._sent += sent
            self._lost += max(sent - sender.received, 0)
        # What a thread sent while another one wrote the report is in the next report.
        sender.received = max(sender.received - sent, 0) if sender.comparable else 0
        sender.comparable = True
        sender.reported_at = now


def _by_sender(batch: Batch) -> "Counter[bytes]":
    count = len(batch.datagrams)
    width = len(batch.senders) // count
    first = batch.senders[:width]
    if batch.senders == first * count:
        return Counter({first: count})
    return Counter(_unpacked(batch.senders, width))


def _unpacked(senders: bytes, width: int) -> Iterable[bytes]:
    return (sender for (sender,) in struct.iter_unpack(f"{width}s", senders))
