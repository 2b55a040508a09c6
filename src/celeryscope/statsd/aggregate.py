"""Samples in, one `Flush` an interval out; no sockets.

A line's bytes but for its value are its spelling of a slot, and are looked up as they came. Known
ones append the value to a list; unknown ones are parsed. Values are read in bulk at the flush, or
before when there are too many to keep as text.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping

from celeryscope.flush import Flush
from celeryscope.metrics import OWN, Kind
from celeryscope.newcomers import Newcomers
from celeryscope.statsd.bad_lines import BadLine, BadLines, Reason
from celeryscope.statsd.batch import Batch
from celeryscope.statsd.gauges import Gauges
from celeryscope.statsd.interval import MAX_SAMPLES, Interval
from celeryscope.statsd.protocol import MAX_LINE, RESERVED, Slot, parse_line, split_line
from celeryscope.statsd.series import made_printable, sanitise

GAUGE_TTL = 300.0
MAX_SERIES = 100_000
MAX_NEW_SERIES = 50_000
MAX_TEXT_BYTES = 32 * 1024 * 1024
_SPELLING_BYTES_A_SERIES = 512
# What a remembered spelling costs beside its own bytes.
_SPELLING_OVERHEAD = 200
# So many datagrams are joined at once, and so many texts read, so that none is in memory twice for
# long; a text may pack thousands of values.
_AT_ONCE = 1000
# What a value, which has a colon before it, costs beside its own bytes: an object in a list.
_VALUE_OVERHEAD = 41

Series = tuple[Kind, str]
Spelling = tuple[bytes, bytes]
"""A line's name, and what follows its value."""


class Aggregator:
    """Holds the interval that is under way, and the gauges that outlive it.

    An interval takes at most `max_series` slots, and a minute at most `max_new_series` series that
    were not seen before; lines of any more are refused. Values are kept as text up to some
    `max_text_bytes`, single samples of timers up to `max_samples`.
    """

    def __init__(
        self,
        gauge_ttl: float | None = GAUGE_TTL,
        max_series: int = MAX_SERIES,
        max_new_series: int = MAX_NEW_SERIES,
        *,
        sanitise_names: bool = True,
        reserved: re.Pattern[str] = RESERVED,
        max_text_bytes: int = MAX_TEXT_BYTES,
        max_samples: int = MAX_SAMPLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._max_series = max_series
        self._max_spelling_bytes = _SPELLING_BYTES_A_SERIES * max_series
        self._max_text_bytes = max_text_bytes
        self._max_samples = max_samples
        self._clean = sanitise if sanitise_names else made_printable
        self._reserved = reserved
        self._newcomers = Newcomers[Series](max_new_series, known=max_series)
        self._gauges = Gauges(gauge_ttl, max_series)
        self._slots: dict[Spelling, Slot] = {}
        self._slot_bytes = 0
        self._bad = BadLines(clock)
        self._suspects: set[Slot] = set()
        self._begin()

    def _begin(self) -> None:
        self._texts: dict[Slot, list[bytes]] = {}
        self._text_bytes = 0
        # By what follows the value, then by name: cheaper than to join the two for each line.
        self._known: dict[bytes, dict[bytes, Callable[[bytes], None]]] = {}
        self._known_bytes = 0
        self._interval = Interval(self._gauges, self._max_samples)
        self._counts: Counter[str] = Counter()
        # Slots that got a bad value among good ones: each line of theirs is checked as it comes.
        self._watched, self._suspects = self._suspects, set()
        self._gauges.begin()
        self._bad.begin()

    def feed(self, batch: Batch) -> None:
        """Take datagrams in; bad lines are counted, and nothing raises."""
        for start in range(0, len(batch.datagrams), _AT_ONCE):
            self._feed(batch.datagrams[start : start + _AT_ONCE])
        self._counts["packets"] += len(batch.datagrams)
        self._bad.name_senders(batch)

    def count(self, name: str, amount: int) -> None:
        """Add to one of the server's own counters for this interval."""
        self._counts[name] += amount

    def flush(
        self, start: float, seconds: float, own_gauges: Mapping[str, float] | None = None
    ) -> Flush:
        """End the interval and return it, with the server's own numbers; begin the next."""
        # Before what waits as text is read: node has forgotten a gauge by then, too.
        self._gauges.age(seconds)
        flush = Flush(
            start=start,
            seconds=seconds,
            counters=self.counters(),
            gauges=self.gauges() | _own(own_gauges or {}),
            sets=self._interval.sets(),
            timers=self._interval.timers(),
        )
        self._newcomers.pass_time(seconds)
        self._begin()
        return flush

    def counters(self) -> dict[str, float]:
        """Return the interval's counters until now, the server's own among them."""
        self._read()
        counts = self._counts + Counter(self._bad.counts())
        return self._interval.counters | _own(counts)

    def gauges(self) -> dict[str, float]:
        self._read()
        return self._gauges.values()

    def timers(self) -> dict[str, list[float]]:
        """Return the interval's samples until now by timer, but for those no longer at hand."""
        self._read()
        return self._interval.samples()

    def bad_lines(self) -> list[BadLine]:
        """Return the last bad lines, oldest first."""
        return self._bad.last()

    def forget(self, kind: Kind, pattern: str) -> list[str]:
        """Drop the series of a kind with this name, or with all names under `prefix.*`.

        Returns what was dropped; a name of its own comes back with its next line.
        """
        self._read()
        below = pattern[:-1] if pattern.endswith(".*") else None
        names = self._interval.names(kind)
        found = [name for name in names if name == pattern or (below and name.startswith(below))]
        for name in found:
            self._interval.forget(kind, name)
        return found

    def _feed(self, datagrams: list[bytes]) -> None:
        packet = b"\n".join(datagrams)
        lines = list(filter(None, packet.split(b"\n")))
        if max(map(len, datagrams)) > MAX_LINE:
            lines = self._without_long(lines)
        known = self._known
        for line in lines:
            name, _, sample = line.partition(b":")
            value, _, rest = sample.partition(b"|")
            try:
                known[rest][name](value)
            except KeyError:
                self._feed_new(line)
        self._counts["lines"] += len(lines)
        self._text_bytes += len(packet) + _VALUE_OVERHEAD * packet.count(b":")
        if self._text_bytes > self._max_text_bytes:
            self._read()

    def _without_long(self, lines: list[bytes]) -> list[bytes]:
        for line in lines:
            if len(line) > MAX_LINE:
                self._bad.add(line, Reason.LONG)
                self._counts["lines"] += 1
        return [line for line in lines if len(line) <= MAX_LINE]

    def _feed_new(self, line: bytes) -> None:
        if line.isspace():
            self._counts["lines"] -= 1
            return
        name, value, rest = split_line(line)
        slot = self._slots.get((name, rest))
        if slot is None:
            parsed = parse_line(line, self._clean, self._reserved)
            refusals = [self._append(sample.slot, sample.text) for sample in parsed.samples]
            refused = next(filter(None, [parsed.refused, *refusals]), None)
            slot = parsed.samples[0].slot if parsed.steady else None
        else:
            refused = self._append(slot, value)
        if refused is not None:
            self._bad.add(line, refused)
        elif slot is not None and slot not in self._watched:
            self._remember((name, rest), slot)

    def _append(self, slot: Slot, text: bytes) -> Reason | None:
        """Keep a text that is checked to be a value, or return why not."""
        texts = self._texts.get(slot)
        if not slot.takes(text):
            if texts is not None:
                self._suspects.add(slot)
            return Reason.VALUE
        if texts is None:
            if len(self._texts) >= self._max_series:
                return Reason.LIMIT
            if not self._newcomers.admit((slot.kind, slot.name)):
                return Reason.NEW
            texts = self._texts[slot] = []
        texts.append(text)
        return None

    def _remember(self, spelling: Spelling, slot: Slot) -> None:
        """Know the spelling: its slot from now on, where to append until the interval's end."""
        name, rest = spelling
        size = len(name) + len(rest) + _SPELLING_OVERHEAD
        if spelling not in self._slots:
            if self._slot_bytes + size > self._max_spelling_bytes:
                self._slots.clear()
                self._slot_bytes = 0
            self._slots[spelling] = slot
            self._slot_bytes += size
        if self._known_bytes + size <= self._max_spelling_bytes:
            self._known.setdefault(rest, {})[name] = self._texts[slot].append
            self._known_bytes += size

    def _read(self) -> None:
        """Turn all texts into values."""
        for slot, texts in self._texts.items():
            for start in range(0, len(texts), _AT_ONCE):
                for text, reason in self._interval.read(slot, texts[start : start + _AT_ONCE]):
                    self._suspects.add(slot)
                    self._bad.add(slot.line(text), reason)
            texts.clear()
        self._text_bytes = 0
        self._bad.name_senders()


def _own(values: Mapping[str, float]) -> dict[str, float]:
    return {f"{OWN}{name}": float(value) for name, value in values.items()}
