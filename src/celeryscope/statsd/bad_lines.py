"""Lines that are not counted: how many of each reason, and the last of them with their senders."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from celeryscope.statsd.batch import Batch

KEPT = 20
_SHOWN = 200
_UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a line was refused; the value ends the counter's name."""

    FORMAT = "format"
    NAME = "name"
    RESERVED = "reserved"
    TYPE = "type"
    RATE = "rate"
    VALUE = "value"
    LONG = "long"
    EVENT = "event"
    SERVICE_CHECK = "service_check"
    LIMIT = "limit"
    NEW = "new"


Refused = list[tuple[bytes, Reason]]
"""Values, as text, that are none or that there is no room for."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A refused line for a person to read: printable, cut to 200 bytes; `at` is Unix time."""

    at: float
    line: str
    reason: Reason
    sender: str


class BadLines:
    """Counts the bad lines of an interval, and keeps the last 20 across intervals.

    The sender of a line is looked up when its batch is done, so good lines pay nothing for it.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counts: Counter[Reason] = Counter()
        self._unnamed: deque[tuple[bytes, Reason]] = deque(maxlen=KEPT)
        self._last: deque[BadLine] = deque(maxlen=KEPT)

    def add(self, line: bytes, reason: Reason) -> None:
        self._counts[reason] += 1
        self._unnamed.append((line, reason))

    def name_senders(self, batch: Batch | None = None) -> None:
        """Find who sent the lines added since the last call, in the batch that they came in."""
        if not self._unnamed:
            return
        senders = _senders_of({line for line, _ in self._unnamed}, batch) if batch else {}
        now = self._clock()
        for line, reason in self._unnamed:
            self._last.append(BadLine(now, _shown(line), reason, senders.get(line, _UNKNOWN)))
        self._unnamed.clear()

    def last(self) -> list[BadLine]:
        """Return the last bad lines, oldest first."""
        return list(self._last)

    def counts(self) -> dict[str, int]:
        """Return the interval's bad lines by the names of their counters."""
        return {f"bad_lines.{reason.value}": lines for reason, lines in self._counts.items()}

    def begin(self) -> None:
        """Count from nothing; the last lines stay."""
        self._counts.clear()


def _senders_of(lines: set[bytes], batch: Batch) -> dict[bytes, str]:
    senders: dict[bytes, str] = {}
    for index in range(len(batch.datagrams) - 1, -1, -1):
        for line in lines.intersection(batch.datagrams[index].split(b"\n")):
            senders[line] = batch.sender_of(index)
            lines.remove(line)
        if not lines:
            break
    return senders


def _shown(line: bytes) -> str:
    text = str(line[:_SHOWN])[2:-1]
    return f"{text}..." if len(line) > _SHOWN else text
