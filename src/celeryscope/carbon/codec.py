r"""Carbon's two forms of points, as carbon-cache takes them by TCP.

    line    = path " " value " " timestamp "\n"            celery.a.count 3 1700000000
    pickle  = length payload                              length: 4 bytes, big-endian
    payload = [(path, (timestamp, value)), ...] pickled   at most 1 MiB

All points of a call carry one Unix time, in whole seconds.
"""

import pickle
import struct
from collections.abc import Iterator, Sequence
from decimal import Decimal

POINTS_A_MESSAGE = 500
"""A path has some 600 bytes at most, so a message stays well below what Carbon takes."""

Point = tuple[str, float]
"""A path and its value."""

_PROTOCOL = 2  # the newest that every Carbon reads
_LENGTH = struct.Struct("!I")
_EXPONENT_FROM = 1e21
_EXPONENT_BELOW = 1e-6


def lines(points: Sequence[Point], timestamp: int) -> bytes:
    """Return points of one time as lines."""
    end = f" {timestamp}\n"
    return "".join([f"{path} {number(value)}{end}" for path, value in points]).encode()


def pickles(points: Sequence[Point], timestamp: int) -> bytes:
    """Return points of one time as pickled messages, one after the other."""
    return b"".join(_messages(points, timestamp))


def number(value: float) -> str:
    """Return a finite number as JavaScript writes it: the shortest text that reads as it."""
    text = repr(value + 0.0).removesuffix(".0")
    if "e" not in text:
        return text
    if _EXPONENT_BELOW <= abs(value) < _EXPONENT_FROM:
        return f"{Decimal(text):f}"
    return text.replace("e-0", "e-")


def _messages(points: Sequence[Point], timestamp: int) -> Iterator[bytes]:
    for first in range(0, len(points), POINTS_A_MESSAGE):
        part = points[first : first + POINTS_A_MESSAGE]
        payload = pickle.dumps([(path, (timestamp, value)) for path, value in part], _PROTOCOL)
        yield _LENGTH.pack(len(payload)) + payload
