"""Lines for node statsd and for ours: thousands of them, right, odd and wrong, from a seed.

The lines of a case share the root of their names, so what differs can be told to be theirs.
"""

import re
from dataclasses import dataclass, replace
from random import Random

ROOT = re.compile(r"\br(\d+)x")

_PIECES = (
    *("", ".a", ".runtime", ".UPPER-case_9", ".a.b.c", ".constructor", ".__proto__", ".9", ".a=b"),
    *(".two words", ".tab\tin", "  lead.and  trail ", "/slash/ed", ".per%cent", ".é", ".😀.a"),
    *(
        "..a",
        ".a.",
        ".%.",
        "...",
        ".a.\\.b",
        ".\u00a0nbsp",
        ".\u3000\ufeff",
        ".\x00\x1b",
        ".|",
        ".\udcff\udc80a",
        "\udce3\udc80",
    ),
    *(";t=1", ";t=1;a=2", ";b", ";a=x y;a=x y", ";;", ";=1", ";t=/%", ";a=1,b=2", ".x;t=.."),
    *(",t=1", ",t=1,a=2", ",a", ",a=1,b", ",", ".x,t=a;b=1", "." + "n" * 480, "." + "n" * 520),
)
_VALUES = (
    *("1", "0", "3.25", "320", "-2", "+4", "-0.5", "1e3", "25E-1", ".5", "7.", "+.25", "00012"),
    *("0.1", "99.9", "250", "1000000", "12345.678", "-1e-3", "5", "10", "20", "30", "42"),
)
_BAD_VALUES = (
    *("0x10", "0b11", "0o7", " 5", "5 ", " ", "", "Infinity", "-Infinity", "NaN", "abc", "1_0"),
    *(
        "1,5",
        "--1",
        "1e",
        "e5",
        ".",
        "+",
        "1e400",
        "1e101",
        "٣",
        "1n",
        "true",
        "1 2",
        "inf",
        "é",
        "1\udcff",
    ),
)
_MEMBERS = ("a", "b", "0", "", "a b", "a/b", "é", "1", "__proto__", "constructor", "A", "x" * 300)
_TYPES = ("c", "ms", "g", "s")
_ODD_TYPES = ("h", "d", "m", "kv", "", "C", "MS", "ms ", " c", "g\t", "s ", "counter", "C", "0")
_RATES = ("1", "0.5", "0.1", "0.25", ".5", "1.0", "0.125 ", "01", "0.5\t")
_BAD_RATES = (
    *("0", "2", "1e-1", "1E-2", "-1", "", "x", "0x1", "1.0001", "0.0", "100", "1e3", "0.1.2"),
    *("Infinity", "+0.5", " 1", " ", "NaN", "-0"),
)
_FIELDS = ("c:ab-12", "T1700000000", "e:it-1", "card:low", "", "0x", "@0.5", "@2", "T0x", "?")
# Those without a colon: what follows one may be more of it, or the next sample.
_PLAIN_FIELDS = tuple(field for field in _FIELDS if ":" not in field)
_TAGS = (
    *("a:1", "b:2", "env:prod", "bare", "a:b:c", "a;b:c", "a;b;c", "t=1", "", ":1", "k:", "=x"),
    *("UP:Case", "sp ace:x y", "é:ü", "k:\u00a0v", "a:1", "/:%", "k:a.b", "..:.."),
)
_OTHERS = ("", " \t", "\r", "_sc|name|0", "no colon", "|", "|#")
_ENDS = ("", "", "", "", "", "\r", " ", "\t\r")


@dataclass(frozen=True)
class Sample:
    """One of a line's samples; several values are packed with colons."""

    values: tuple[str, ...]
    type: str
    fields: tuple[str, ...] = ()

    def text(self) -> str:
        return "|".join([":".join(self.values), self.type, *self.fields])


@dataclass(frozen=True)
class Line:
    """A line by its parts; one without samples has no colon either."""

    name: str
    samples: tuple[Sample, ...] = ()
    tags: tuple[str, ...] | None = None
    end: str = ""

    def text(self) -> str:
        tags = "" if self.tags is None else "|#" + ",".join(self.tags)
        return ":".join([self.name, *(sample.text() for sample in self.samples)]) + tags + self.end

    def encoded(self) -> bytes:
        """Return it as it is sent; what stands for a byte that is no UTF-8 is that byte."""
        return self.text().encode(errors="surrogateescape")


Intervals = list[list[Line]]


def corpus(seed: int, cases: int, intervals: int, most_samples: int) -> Intervals:
    """Return each interval's lines; a line has at most so many samples."""
    random = Random(seed)
    found: Intervals = [[] for _ in range(intervals)]
    for number in range(cases):
        case = _Case(random, number, most_samples)
        for lines in found:
            lines.extend(case.lines())
    for lines in found:
        lines.extend(Line(text) for text in _OTHERS)
    return found


def datagrams(lines: list[Line], seed: int) -> list[bytes]:
    """Pack lines into datagrams of different sizes."""
    random = Random(seed)
    packed, rest = [], [line.encoded() for line in lines]
    while rest:
        size = random.choice((1, 1, 2, 5, 30))
        packed.append(b"\n".join(rest[:size]))
        rest = rest[size:]
    return packed


def rooted(lines: list[Line]) -> list[Line]:
    """Return the lines with a root of its own each: its place in the list."""
    return [
        replace(line, name=ROOT.sub(f"r{place}x", line.name)) for place, line in enumerate(lines)
    ]


class _Case:
    """Some names with one root, their usual kinds of samples, and how often they are wrong."""

    def __init__(self, random: Random, number: int, most_samples: int) -> None:
        self._random = random
        self._most_samples = most_samples
        self._names = [f"r{number}x{piece}" for piece in random.sample(_PIECES, 2)]
        self._types = random.sample(_TYPES, random.choice((1, 1, 2)))
        self._oddity = random.choice((0.0, 0.0, 0.02, 0.2))

    def lines(self) -> list[Line]:
        """Return one interval's lines, none in many."""
        many = self._random.choice((0, 0, 1, 1, 2, 3, 10, 60))
        return [self._line() for _ in range(many)]

    def _line(self) -> Line:
        if self._is_odd():
            return Line(self._random.choice(self._names))
        samples = self._random.randint(1, self._most_samples) if self._is_odd() else 1
        return Line(
            self._random.choice(self._names),
            (*(self._sample(_PLAIN_FIELDS) for _ in range(samples - 1)), self._sample(_FIELDS)),
            tuple(self._random.choices(_TAGS, k=self._random.randint(1, 3)))
            if self._random.random() < 0.1
            else None,
            self._random.choice(_ENDS),
        )

    def _sample(self, fields: tuple[str, ...]) -> Sample:
        kind = self._random.choice(_ODD_TYPES if self._is_odd() else self._types)
        packed = self._random.randint(2, 4) if self._is_odd() and self._most_samples > 1 else 1
        return Sample(tuple(self._value(kind) for _ in range(packed)), kind, self._fields(fields))

    def _value(self, kind: str) -> str:
        if kind.strip() == "s":
            return self._random.choice(_MEMBERS)
        if self._is_odd():
            return self._random.choice(_BAD_VALUES)
        value = self._random.choice(_VALUES)
        return value.lstrip("-") if kind == "ms" and not self._is_odd() else value

    def _fields(self, others: tuple[str, ...]) -> tuple[str, ...]:
        fields = []
        if self._random.random() < 0.2:
            rates = _BAD_RATES if self._is_odd() else _RATES
            fields.append("@" + self._random.choice(rates))
        if self._is_odd():
            fields += self._random.choices(others, k=self._random.randint(1, 2))
        return tuple(fields)

    def _is_odd(self) -> bool:
        return self._random.random() < self._oddity
