"""Samples in, one `Flush` an interval out; no sockets, no clock.

A line's bytes but for its value are looked up as they came. Known ones append the value to a
list; unknown ones are parsed. Numbers are read in bulk when the interval is flushed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.statsd.protocol import (
    BadLineError,
    Reason,
    Slot,
    parse_number,
    parse_numbers,
    parse_slot,
)

OWN = "celeryscope"
GAUGE_TTL = 300.0
MAX_SERIES = 100_000


@dataclass(slots=True)
class _Gauge:
    value: float
    age: float = 0.0


class Aggregator:
    """Holds the interval that is under way, and the gauges that outlive it."""

    def __init__(self, gauge_ttl: float = GAUGE_TTL, max_series: int = MAX_SERIES) -> None:
        self._gauge_ttl = gauge_ttl
        self._max_series = max_series
        self._gauges: dict[str, _Gauge] = {}
        self._slots: dict[bytes, Slot] = {}
        self._begin()

    def _begin(self) -> None:
        self._values: dict[Slot, list[bytes]] = {}
        self._append: dict[bytes, Callable[[bytes], None]] = {}
        self._counts: Counter[str] = Counter()

    def feed(self, datagrams: Iterable[bytes]) -> None:
        """Take datagrams in; bad lines are counted, and nothing raises."""
        known = self._append.get
        packets = lines = 0
        for datagram in datagrams:
            packets += 1
            for line in datagram.split(b"\n"):
                name, _, sample = line.partition(b":")
                value, bar, rest = sample.partition(b"|")
                append = known(name + bar + rest)
                if append is not None:
                    lines += 1
                    append(value)
                elif line.strip():
                    lines += 1
                    self._feed_new(name, bar + rest, value)
        self._counts["packets"] += packets
        self._counts["lines"] += lines

    def flush(
        self, start: float, seconds: float, own_gauges: Mapping[str, float] | None = None
    ) -> Flush:
        """End the interval and return it, with the server's own numbers; begin the next."""
        values, counts = self._values, self._counts
        self._begin()
        counters: dict[str, float] = {}
        sets: dict[str, set[bytes]] = {}
        timers: dict[str, _Samples] = {}
        self._age_gauges(seconds)
        for slot, texts in values.items():
            if slot.kind is Kind.SET:
                sets.setdefault(slot.name, set()).update(texts)
            elif slot.kind is Kind.GAUGE:
                counts[_bad(Reason.VALUE)] += self._set_gauge(slot.name, texts)
            else:
                numbers, bad = parse_numbers(texts)
                if slot.kind is Kind.COUNTER:
                    _count(counters, slot, numbers)
                else:
                    bad += timers.setdefault(slot.name, _Samples()).extend(numbers, slot.rate)
                counts[_bad(Reason.VALUE)] += bad
        gauges = {name: gauge.value for name, gauge in self._gauges.items()}
        return Flush(
            start=start,
            seconds=seconds,
            counters=counters | {f"{OWN}.{name}": float(n) for name, n in counts.items() if n},
            gauges=gauges | {f"{OWN}.{name}": value for name, value in (own_gauges or {}).items()},
            sets={name: float(len(members)) for name, members in sets.items()},
            timers={n: Distribution.of(s.values, s.count) for n, s in timers.items() if s.values},
        )

    def count(self, name: str, amount: int) -> None:
        """Add to one of the server's own counters for this interval."""
        self._counts[name] += amount

    def _feed_new(self, name: bytes, rest: bytes, value: bytes) -> None:
        try:
            slot = self._slot(name, rest)
        except BadLineError as error:
            self._counts[_bad(error.reason)] += 1
            return
        texts = self._values.setdefault(slot, [])
        texts.append(value)
        if len(self._append) < 2 * self._max_series:
            self._append[name + rest] = texts.append

    def _slot(self, name: bytes, rest: bytes) -> Slot:
        key = name + rest
        slot = self._slots.get(key)
        if slot is None:
            slot = parse_slot(name, rest)
            if slot not in self._values and len(self._values) >= self._max_series:
                raise BadLineError(Reason.LIMIT)
            if len(self._slots) >= 2 * self._max_series:
                self._slots.clear()
            self._slots[key] = slot
        return slot

    def _age_gauges(self, seconds: float) -> None:
        for gauge in self._gauges.values():
            gauge.age += seconds
        self._gauges = {n: g for n, g in self._gauges.items() if g.age < self._gauge_ttl}

    def _set_gauge(self, name: str, texts: list[bytes]) -> int:
        """Apply values in their order; a signed one moves a gauge that is not 0, as in node."""
        bad = 0
        for text in texts:
            number = parse_number(text)
            if number is None:
                bad += 1
                continue
            gauge = self._gauges.setdefault(name, _Gauge(0.0))
            moved = gauge.value + number if text[:1] in b"+-" and gauge.value else number
            gauge.value = moved if isfinite(moved) else number
            gauge.age = 0.0
        return bad


class _Samples:
    """A timer's values in one interval, and how many runs they stand for."""

    __slots__ = ("count", "values")

    def __init__(self) -> None:
        self.values: list[float] = []
        self.count = 0.0

    def extend(self, numbers: list[float], rate: float) -> int:
        """Add the numbers that are not negative; return how many are."""
        if numbers and min(numbers) < 0:
            accepted = [number for number in numbers if number >= 0]
        else:
            accepted = numbers
        self.values += accepted
        self.count += len(accepted) / rate
        return len(numbers) - len(accepted)


def _count(counters: dict[str, float], slot: Slot, numbers: list[float]) -> None:
    if numbers:
        total = counters.get(slot.name, 0.0) + sum(numbers) / slot.rate
        counters[slot.name] = total if isfinite(total) else 0.0


def _bad(reason: Reason) -> str:
    return f"bad_lines.{reason.value}"
