r"""Carbon's two forms of points, as carbon-cache takes them by TCP.

    line    = path " " value " " timestamp "\n"            celery.a.count 3 1700000000
    pickle  = length payload                              length: 4 bytes, big-endian
    payload = [(path, (timestamp, value)), ...] pickled   at most 1 MiB

All points of a call carry one Unix time, in whole seconds.
"""

import pickle
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import orjson
from numpy.typing import NDArray

POINTS_A_MESSAGE = 500
"""A path has some 600 bytes at most, so a message stays well below what Carbon takes."""

_PROTOCOL = 2  # the newest that every Carbon reads
_LENGTH = struct.Struct("!I")
_EXPONENT_FROM = 1e21
_EXPONENT_BELOW = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Points of one time: the value of each path."""

    paths: Sequence[str]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return zip(self.paths, self.values.tolist(), strict=True)


def lines(points: Snapshot, timestamp: int) -> bytes:
    """Return points of one time as lines."""
    end = f" {timestamp}\n"
    each = zip(points.paths, numbers(points.values), strict=True)
    return "".join([f"{path} {text}{end}" for path, text in each]).encode()


def pickles(points: Snapshot, timestamp: int) -> bytes:
    """Return points of one time as pickled messages, one after the other."""
    return b"".join(_messages([*points], timestamp))


def numbers(values: NDArray[np.float64]) -> list[str]:
    """Return finite numbers as `number` does, in a fraction of the time."""
    # JSON has the same digits; what differs is the end of whole numbers, and exponents.
    listed = orjson.dumps(values + 0.0, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1] + b","
    texts = listed.replace(b".0,", b",").decode().split(",")[: values.size]
    if b"e" not in listed:
        return texts
    return [number(float(text)) if "e" in text else text for text in texts]


def number(value: float) -> str:
    """Return a finite number as JavaScript writes it: the shortest text that reads as it."""
    text = repr(value + 0.0).removesuffix(".0")
    if "e" not in text:
        return text
    if _EXPONENT_BELOW <= abs(value) < _EXPONENT_FROM:
        return f"{Decimal(text):f}"
    return text.replace("e-0", "e-")


def _messages(points: Sequence[tuple[str, float]], timestamp: int) -> Iterator[bytes]:
    for first in range(0, len(points), POINTS_A_MESSAGE):
        part = points[first : first + POINTS_A_MESSAGE]
        payload = pickle.dumps([(path, (timestamp, value)) for path, value in part], _PROTOCOL)
        yield _LENGTH.pack(len(payload)) + payload
