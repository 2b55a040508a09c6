r"""The StatsD line, parsed once for each distinct name, type and rate.

    line   = name ":" value "|" type [ "|@" rate ]        name:320.5|ms|@0.1
    packet = line *( "\n" line )                          empty lines are skipped

Numbers are plain ASCII decimals: no NaN, infinity, hexadecimal or underscores, and none so large
that sums, squares or a division by a rate could overflow.
"""

import re
from dataclasses import dataclass
from enum import Enum
from math import inf

from celeryscope.metrics import Kind

MAX_NAME = 500
_MAX_REST = 64
_LARGEST = 1e100

_KINDS = {b"c": Kind.COUNTER, b"ms": Kind.TIMER, b"g": Kind.GAUGE, b"s": Kind.SET}
_SAMPLED = (Kind.COUNTER, Kind.TIMER)
_NUMBER = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
_SPACE = re.compile(rb"\s+")
_DROPPED = re.compile(rb"[^A-Za-z0-9_\-.;=]")
_DOTS = re.compile(rb"\.{2,}")
_DECIMAL_CHARACTERS = b"0123456789.+-eE,"


class Reason(str, Enum):
    """Why a line was refused; the value ends the counter's name."""

    FORMAT = "format"
    NAME = "name"
    TYPE = "type"
    RATE = "rate"
    VALUE = "value"
    LIMIT = "limit"


class BadLineError(ValueError):
    """A line that is not counted, with its reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Slot:
    """What a line says beside its value: which series, and how many samples it stands for."""

    kind: Kind
    name: str
    rate: float


def parse_slot(name: bytes, rest: bytes) -> Slot:
    """Return the slot of `name` and what follows the value's bar, as in `ms|@0.1`.

    Raises:
        BadLineError: It is not a StatsD line; the reason says which part.
    """
    kind_text, *options = rest.strip().split(b"|")
    if not rest or len(rest) > _MAX_REST or len(options) > 1:
        raise BadLineError(Reason.FORMAT)
    kind = _KINDS.get(kind_text.strip())
    if kind is None:
        raise BadLineError(Reason.TYPE)
    rate = _parse_rate(options[0]) if options else 1.0
    return Slot(kind, sanitise(name), rate if kind in _SAMPLED else 1.0)


def sanitise(name: bytes) -> str:
    """Return a name as node statsd writes it, without empty path nodes.

    Raises:
        BadLineError: Nothing is left of it, or it is too long.
    """
    if len(name) > MAX_NAME:
        raise BadLineError(Reason.NAME)
    clean = _DROPPED.sub(b"", _SPACE.sub(b"_", name).replace(b"/", b"-"))
    clean = _DOTS.sub(b".", clean).strip(b".")
    if not clean:
        raise BadLineError(Reason.NAME)
    return clean.decode("ascii")


def parse_number(text: bytes) -> float | None:
    """Return a decimal of at most 1e100, or None if it is anything else."""
    number = float(text) if _NUMBER.match(text) else inf
    return number if abs(number) <= _LARGEST else None


def parse_numbers(texts: list[bytes]) -> tuple[list[float], int]:
    """Return those of `texts` that are numbers, and how many are not."""
    if not b",".join(texts).translate(None, _DECIMAL_CHARACTERS):
        try:
            numbers = list(map(float, texts))
        except ValueError:
            return _parse_each(texts)
        if sum(map(abs, numbers)) <= _LARGEST:
            return numbers, 0
    return _parse_each(texts)


def _parse_each(texts: list[bytes]) -> tuple[list[float], int]:
    numbers = [number for number in map(parse_number, texts) if number is not None]
    return numbers, len(texts) - len(numbers)


def _parse_rate(option: bytes) -> float:
    text = option.strip()
    if not text.startswith(b"@"):
        raise BadLineError(Reason.FORMAT)
    rate = parse_number(text[1:])
    if rate is None or not 1 / _LARGEST <= rate <= 1:
        raise BadLineError(Reason.RATE)
    return rate
