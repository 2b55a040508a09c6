"""What an interval has held until now, in memory that is bounded whatever came."""

from array import array
from collections.abc import Mapping

import numpy as np

from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.statsd.bad_lines import Reason, Refused
from celeryscope.statsd.gauges import Gauges
from celeryscope.statsd.protocol import Slot
from celeryscope.timerset import TimerSet

MAX_SAMPLES = 4_000_000
MAX_MEMBER_BYTES = 64 * 1024 * 1024
# What a member costs beside its own bytes: the object, and its place in a set.
_MEMBER_OVERHEAD = 100


class Interval:
    """One interval's values by series; gauges are written through to those that outlive it.

    Beyond `max_samples` timers keep their distribution alone; beyond `max_member_bytes` sets take
    no new members.
    """

    def __init__(
        self,
        gauges: Gauges,
        max_samples: int = MAX_SAMPLES,
        max_member_bytes: int = MAX_MEMBER_BYTES,
    ) -> None:
        self.counters: dict[str, float] = {}
        self._gauges = gauges
        self._sets: dict[str, set[bytes]] = {}
        self._timers: dict[str, _Samples] = {}
        self._samples_left = max_samples
        self._max_samples = max_samples
        self._member_bytes_left = max_member_bytes

    def read(self, slot: Slot, texts: list[bytes]) -> Refused:
        """Take a slot's texts in, in their order, and return those that are refused."""
        match slot.kind:
            case Kind.COUNTER:
                return self._read_counter(slot, texts)
            case Kind.TIMER:
                return self._read_timer(slot, texts)
            case Kind.GAUGE:
                return self._gauges.write(slot.name, texts)
            case _:  # a set
                return self._read_set(slot.name, texts)

    def sets(self) -> dict[str, float]:
        """Return the number of distinct members by name."""
        return {name: float(len(members)) for name, members in self._sets.items()}

    def timers(self) -> Mapping[str, Distribution]:
        plain = {name: one for name, one in self._timers.items() if one.condensed is None}
        in_bulk = TimerSet.of_samples(
            list(plain),
            [samples.kept for samples in plain.values()],
            [samples.count for samples in plain.values()],
        )
        condensed = self._timers.keys() - plain.keys()
        if not condensed:
            return in_bulk
        return {**in_bulk, **{name: self._timers[name].distribution() for name in condensed}}

    def samples(self) -> dict[str, list[float]]:
        """Return the timers' samples as they came, but for those of which there were too many."""
        return {name: samples.kept.tolist() for name, samples in self._timers.items()}

    def names(self, kind: Kind) -> list[str]:
        held: dict[Kind, Mapping[str, object]] = {
            Kind.COUNTER: self.counters,
            Kind.TIMER: self._timers,
            Kind.GAUGE: self._gauges.values(),
            Kind.SET: self._sets,
        }
        return list(held[kind])

    def forget(self, kind: Kind, name: str) -> None:
        """Drop a series that is there."""
        match kind:
            case Kind.COUNTER:
                del self.counters[name]
            case Kind.TIMER:
                self._samples_left += len(self._timers.pop(name).kept)
            case Kind.GAUGE:
                self._gauges.forget(name)
            case Kind.SET:
                del self._sets[name]

    def _read_counter(self, slot: Slot, texts: list[bytes]) -> Refused:
        numbers, refused = slot.numbers(texts)
        if numbers:
            counted = self.counters.get(slot.name, 0.0)
            self.counters[slot.name] = counted + sum(numbers) / slot.rate
        return [(text, Reason.VALUE) for text in refused]

    def _read_timer(self, slot: Slot, texts: list[bytes]) -> Refused:
        durations, refused = slot.numbers(texts)
        if durations:
            self._timers.setdefault(slot.name, _Samples()).extend(durations, slot.rate)
            self._samples_left -= len(durations)
            if self._samples_left < 0:
                self._condense()
        return [(text, Reason.VALUE) for text in refused]

    def _condense(self) -> None:
        for samples in self._timers.values():
            samples.condense()
        self._samples_left = self._max_samples

    def _read_set(self, name: str, texts: list[bytes]) -> Refused:
        members = self._sets.setdefault(name, set())
        new = set(texts).difference(members)
        weight = sum(map(len, new)) + _MEMBER_OVERHEAD * len(new)
        if weight > self._member_bytes_left:
            return [(text, Reason.LIMIT) for text in texts if text in new]
        self._member_bytes_left -= weight
        members |= new
        return []


class _Samples:
    """A timer's samples in one interval, and how many runs they stand for.

    `kept` are those that came since they were last condensed.
    """

    __slots__ = ("condensed", "count", "kept")

    def __init__(self) -> None:
        self.kept = array("d")
        self.count = 0.0
        self.condensed: Distribution | None = None

    def extend(self, values: list[float], rate: float) -> None:
        self.kept.extend(values)
        self.count += len(values) / rate

    def condense(self) -> None:
        """Keep the distribution of what came, without the single samples."""
        self.condensed = Distribution.merge([self.distribution()])
        self.kept = array("d")
        self.count = 0.0

    def distribution(self) -> Distribution:
        if not self.kept and self.condensed is not None:
            return self.condensed
        recent = Distribution.of(np.array(self.kept), self.count)
        return recent if self.condensed is None else Distribution.merge([self.condensed, recent])
