"""Points that are not kept: how many for each reason, and the last of them with their senders."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from celeryscope.tally import Tally

KEPT = 20
_SHOWN = 200


class Reason(StrEnum):
    """Why a point or a whole message was refused; the value ends the counter's name."""

    FORMAT = "format"
    NAME = "name"
    VALUE = "value"
    NAN = "nan"
    TIME = "time"
    LONG = "long"
    PICKLE = "pickle"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class BadLine:
    """What was refused, for a person to read: printable, cut to 200 bytes; `at` is Unix time."""

    at: float
    line: str
    reason: Reason
    sender: str


class Refusals:
    """Counts what is refused, and keeps the last 20."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counts = Tally(reason.value for reason in Reason)
        self._last: deque[BadLine] = deque(maxlen=KEPT)

    def add(self, line: bytes, reason: Reason, sender: str) -> None:
        self._counts.add(reason.value)
        self._last.append(BadLine(self._clock(), _shown(line), reason, sender))

    def last(self) -> list[BadLine]:
        """Return the last ones, oldest first; may be called from any thread."""
        return list(self._last)

    def take_counts(self) -> dict[str, int]:
        """Return how many came since the last call, by the names of their counters."""
        return {f"bad_lines.{reason}": count for reason, count in self._counts.take().items()}


def _shown(line: bytes) -> str:
    text = str(line[:_SHOWN])[2:-1]
    return f"{text}..." if len(line) > _SHOWN else text
