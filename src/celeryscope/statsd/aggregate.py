"""Samples in, one `Flush` an interval out; no sockets, no clock.

A line's bytes but for its value are its spelling of a slot, and are looked up as they came. Known
ones append the value to a list; unknown ones are parsed. Values are read in bulk at the flush.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.statsd.batch import Batch
from celeryscope.statsd.gauges import Gauges
from celeryscope.statsd.protocol import BadLineError, Reason, Slot, parse_numbers, parse_slot

OWN = "celeryscope"
GAUGE_TTL = 300.0
MAX_SERIES = 100_000
_SPELLINGS_A_SERIES = 2


class Aggregator:
    """Holds the interval that is under way, and the gauges that outlive it.

    An interval takes at most `max_series` slots; lines of any more are refused.
    """

    def __init__(self, gauge_ttl: float = GAUGE_TTL, max_series: int = MAX_SERIES) -> None:
        self._max_series = max_series
        self._max_spellings = _SPELLINGS_A_SERIES * max_series
        self._gauges = Gauges(gauge_ttl, max_series)
        self._slots: dict[bytes, Slot] = {}
        self._begin()

    def _begin(self) -> None:
        self._texts: dict[Slot, list[bytes]] = {}
        self._append: dict[bytes, Callable[[bytes], None]] = {}
        self._bad: Counter[Reason] = Counter()
        self._counts: Counter[str] = Counter()

    def feed(self, batch: Batch) -> None:
        """Take datagrams in; bad lines are counted, and nothing raises."""
        known = self._append.get
        packets = lines = 0
        for datagram in batch.datagrams:
            packets += 1
            for line in datagram.split(b"\n"):
                name, colon, sample = line.partition(b":")
                value, _, rest = sample.partition(b"|")
                append = known(name + colon + rest)
                if append is not None:
                    lines += 1
                    append(value)
                elif line.strip():
                    lines += 1
                    self._feed_new(name, rest, value)
        self._counts["packets"] += packets
        self._counts["lines"] += lines

    def count(self, name: str, amount: int) -> None:
        """Add to one of the server's own counters for this interval."""
        self._counts[name] += amount

    def flush(
        self, start: float, seconds: float, own_gauges: Mapping[str, float] | None = None
    ) -> Flush:
        """End the interval and return it, with the server's own numbers; begin the next."""
        texts_by_slot, bad, counts = self._texts, self._bad, self._counts
        self._begin()
        self._gauges.age(seconds)
        interval = _Interval(self._gauges, bad)
        for slot, texts in texts_by_slot.items():
            interval.read(slot, texts)
        counts.update({f"bad_lines.{reason.value}": lines for reason, lines in bad.items()})
        return Flush(
            start=start,
            seconds=seconds,
            counters=interval.counters | _own({n: count for n, count in counts.items() if count}),
            gauges=self._gauges.values() | _own(own_gauges or {}),
            sets={name: float(len(members)) for name, members in interval.sets.items()},
            timers={name: samples.summary() for name, samples in interval.timers.items()},
        )

    def _feed_new(self, name: bytes, rest: bytes, value: bytes) -> None:
        spelling = name + b":" + rest
        try:
            texts = self._texts_of(self._slot(spelling, name, rest))
        except BadLineError as error:
            self._bad[error.reason] += 1
            return
        texts.append(value)
        if len(self._append) < self._max_spellings:
            self._append[spelling] = texts.append

    def _slot(self, spelling: bytes, name: bytes, rest: bytes) -> Slot:
        slot = self._slots.get(spelling)
        if slot is None:
            slot = parse_slot(name, rest)
            if len(self._slots) >= self._max_spellings:
                self._slots.clear()
            self._slots[spelling] = slot
        return slot

    def _texts_of(self, slot: Slot) -> list[bytes]:
        texts = self._texts.get(slot)
        if texts is None:
            if len(self._texts) >= self._max_series:
                raise BadLineError(Reason.LIMIT)
            texts = self._texts[slot] = []
        return texts


class _Interval:
    """One interval's values by series, and in `bad` the texts that are none."""

    def __init__(self, gauges: Gauges, bad: Counter[Reason]) -> None:
        self.counters: dict[str, float] = {}
        self.sets: dict[str, set[bytes]] = {}
        self.timers: dict[str, _Samples] = {}
        self._gauges = gauges
        self._bad = bad

    def read(self, slot: Slot, texts: list[bytes]) -> None:
        match slot.kind:
            case Kind.COUNTER:
                self._read_counter(slot, texts)
            case Kind.TIMER:
                self._read_timer(slot, texts)
            case Kind.GAUGE:
                self._read_gauge(slot.name, texts)
            case Kind.SET:
                self.sets.setdefault(slot.name, set()).update(texts)

    def _read_counter(self, slot: Slot, texts: list[bytes]) -> None:
        numbers, bad = parse_numbers(texts)
        self._bad[Reason.VALUE] += bad
        if numbers:
            counted = self.counters.get(slot.name, 0.0)
            self.counters[slot.name] = counted + sum(numbers) / slot.rate

    def _read_timer(self, slot: Slot, texts: list[bytes]) -> None:
        numbers, bad = parse_numbers(texts)
        durations = numbers if min(numbers, default=0) >= 0 else [n for n in numbers if n >= 0]
        self._bad[Reason.VALUE] += bad + len(numbers) - len(durations)
        if durations:
            self.timers.setdefault(slot.name, _Samples()).extend(durations, slot.rate)

    def _read_gauge(self, name: str, texts: list[bytes]) -> None:
        for text in texts:
            refused = self._gauges.write(name, text)
            if refused is not None:
                self._bad[refused] += 1


class _Samples:
    """A timer's values in one interval, and how many runs they stand for."""

    __slots__ = ("_count", "_values")

    def __init__(self) -> None:
        self._values: list[float] = []
        self._count = 0.0

    def extend(self, values: list[float], rate: float) -> None:
        self._values += values
        self._count += len(values) / rate

    def summary(self) -> Distribution:
        return Distribution.of(self._values, self._count)


def _own(values: Mapping[str, float]) -> dict[str, float]:
    return {f"{OWN}.{name}": float(value) for name, value in values.items()}
