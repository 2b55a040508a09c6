r"""The StatsD line in node's grammar and DogStatsD's, parsed once for each distinct spelling.

    line   = name ":" sample *( ":" sample ) [ "|#" tags ] *( "|" field )
    sample = value *( ":" value ) "|" type *( "|" field )        name:320.5|ms|@0.1
    field  = "@" rate / word ":" text / "T" digits               all but the rate are ignored
    packet = line *( "\n" line )                                 empty lines are skipped

A set takes all of `a:b` as one member.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from celeryscope.metrics import Kind
from celeryscope.statsd.bad_lines import Reason
from celeryscope.statsd.numbers import LARGEST, parse_number, parse_numbers
from celeryscope.statsd.reserved import reserved_names
from celeryscope.statsd.series import Clean, sanitise, series_name

MAX_LINE = 8192
RESERVED = reserved_names()

_KINDS = {
    b"c": Kind.COUNTER,
    b"ms": Kind.TIMER,
    b"h": Kind.TIMER,
    b"d": Kind.TIMER,
    b"g": Kind.GAUGE,
    b"s": Kind.SET,
}
_TYPES = {kind: kind_text.decode() for kind_text, kind in reversed(_KINDS.items())}
_SAMPLED = (Kind.COUNTER, Kind.TIMER)
_SAMPLE = re.compile(
    rb"(?P<value>[^|]*)\|(?P<type>[^:|]*)"
    rb"(?P<fields>(?:\|(?:@[^:|]*|[A-Za-z_]+:[^|]*|T\d+))*)(?P<more>:|\Z)"
)
_OTHERS = {b"_e{": Reason.EVENT, b"_sc|": Reason.SERVICE_CHECK}


@dataclass(frozen=True, slots=True)
class Slot:
    """What a line says beside its value: which series, and how many samples it stands for."""

    kind: Kind
    name: str
    rate: float

    def numbers(self, texts: list[bytes]) -> tuple[list[float], list[bytes]]:
        """Return the numbers in `texts`, and the texts that this kind does not take."""
        return parse_numbers(texts, least=0.0 if self.kind is Kind.TIMER else -inf)

    def takes(self, text: bytes) -> bool:
        return self.kind is Kind.SET or not self.numbers([text])[1]

    def line(self, text: bytes) -> bytes:
        """Return a line that would bring `text` here."""
        rate = "" if self.rate == 1 else f"|@{self.rate!r}"
        return b"%b:%b|%b" % (self.name.encode(), text, f"{_TYPES[self.kind]}{rate}".encode())


@dataclass(frozen=True, slots=True)
class Sample:
    """A value, or several with colons between them, still as text; and the slot that takes it."""

    slot: Slot
    text: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A line's good samples, and why the line or the first bad sample of it is refused.

    `steady` says that lines spelled like it but for the value have the same slot, and may come
    again.
    """

    samples: list[Sample] = field(default_factory=list)
    refused: Reason | None = None
    steady: bool = False


def split_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the name, the value and the rest, of a line with one sample."""
    name, _, sample = line.partition(b":")
    value, _, rest = sample.partition(b"|")
    return name, value, rest


def parse_line(line: bytes, clean: Clean = sanitise, reserved: re.Pattern[str] = RESERVED) -> Line:
    """Read a line that is not blank; values stay text, and `clean` makes the parts of its name.

    One whose name begins with `reserved` is refused.
    """
    for mark, reason in _OTHERS.items():
        if line.startswith(mark):
            return Line(refused=reason)
    name, _, body = line.partition(b":")
    body, tags = _without_tags(body.rstrip())
    read = [_read(match) for match in _matches(body)]
    good = [one for one in read if not isinstance(one, Reason)]
    refused = next((one for one in read if isinstance(one, Reason)), None)
    series = series_name(name, tags, clean)
    if not good:
        return Line(refused=refused)
    if series is None:
        return Line(refused=Reason.NAME)
    # Outputs clean every name, so an unclean one could become the server's own.
    if reserved.match(series_name(name, tags, sanitise) or ""):
        return Line(refused=Reason.RESERVED)
    return Line(
        samples=[Sample(Slot(kind, series, rate), text) for text, kind, rate in good],
        refused=refused,
        steady=len(read) == len(good) == 1 and b"|T" not in body,
    )


def _without_tags(body: bytes) -> tuple[bytes, bytes]:
    before, _, tail = body.partition(b"|#")
    tags, bar, after = tail.partition(b"|")
    return before + bar + after, tags


def _matches(body: bytes) -> Iterator[re.Match[bytes] | None]:
    """Yield the samples one after the other, and None if what is left is none."""
    match = _SAMPLE.match(body)
    while match is not None and match["more"]:
        yield match
        match = _SAMPLE.match(body, match.end())
    yield match


def _read(match: re.Match[bytes] | None) -> tuple[bytes, Kind, float] | Reason:
    """Return a sample's text, kind and rate, or why it is none."""
    if match is None:
        return Reason.FORMAT
    rates = [one[1:] for one in match["fields"].split(b"|") if one.startswith(b"@")]
    if len(rates) > 1:
        return Reason.FORMAT
    kind = _KINDS.get(match["type"].strip())
    if kind is None:
        return Reason.TYPE
    rate = parse_number(rates[0].rstrip()) if rates else 1.0
    if rate is None or not 1 / LARGEST <= rate <= 1:
        return Reason.RATE
    return match["value"], kind, rate if kind in _SAMPLED else 1.0
