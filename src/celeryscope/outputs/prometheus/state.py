"""What has been counted since the process began: the sums that a scrape reads.

A flush tells of one interval, a scrape wants totals: so counters and histograms add up here.
Gauges and sets are those of the last flush. What nobody has written for a day is forgotten, all of
one task at once: a counter that rests while others of its task count keeps its total.
"""

from dataclasses import dataclass, field

from celeryscope.flush import Flush
from celeryscope.metrics import Family, Kind
from celeryscope.outputs.prometheus.histogram import Bounds
from celeryscope.outputs.prometheus.identity import Identity, Labels, Reader
from celeryscope.outputs.prometheus.names import NAMES, Name
from celeryscope.outputs.prometheus.table import Counter, Histogram, Subject, Table
from celeryscope.timerset import TimerSet

IDLE_SECONDS = 86_400.0
MAX_SERIES = 200_000
_PRUNE_SECONDS = 600.0
# Beside its buckets a histogram has one of all samples, their sum and their count.
_BESIDE_BUCKETS = 3
_OF_MESSAGES = {(Family.TASK, "published"), (Family.TASK, "received")}


@dataclass(frozen=True, slots=True)
class HistogramValue:
    """How many samples were at most each bound, their sum, and how many there were."""

    buckets: list[int]
    sum: float
    count: int


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric and its series' values by their labels."""

    name: Name
    values: dict[Labels, float] = field(default_factory=dict)
    histograms: dict[Labels, HistogramValue] = field(default_factory=dict)


class State:
    """Adds flushes up, within `max_series` series as Prometheus counts them."""

    def __init__(self, reader: Reader, bounds: Bounds, max_series: int = MAX_SERIES) -> None:
        self._reader = reader
        self._bounds = bounds
        self._max_series = max_series
        self._subjects: dict[Labels, Subject] = {}
        self._counters = Table(Counter)
        self._histograms = Table(lambda subject: Histogram(subject, bounds.none()))
        self._histogram_size = len(bounds.seconds) + _BESIDE_BUCKETS
        self._gauges: dict[tuple[Kind, str], tuple[Identity, float]] = {}
        self._pruned = 0.0

    def take(self, flush: Flush) -> int:
        """Add an interval up; return how many of its series could not be taken."""
        now = flush.start + flush.seconds
        refused = sum(not self._count(*one, now) for one in flush.counters.items())
        refused += self._time_all(TimerSet.of(flush.timers), now)
        refused += self._show(flush)
        if now - self._pruned >= _PRUNE_SECONDS:
            self._forget(now - IDLE_SECONDS)
            self._pruned = now
        return refused

    def metrics(self) -> list[Metric]:
        """Return all that there is, as it is now."""
        metrics = [
            Metric(name, values={labels: one.value for labels, one in series.items()})
            for name, series in self._counters.metrics()
        ]
        metrics += [
            Metric(name, histograms={labels: _value(name, one) for labels, one in series.items()})
            for name, series in self._histograms.metrics()
        ]
        gauges: dict[str, Metric] = {}
        for identity, value in self._gauges.values():
            metric = gauges.setdefault(identity.name.base, Metric(identity.name))
            metric.values[identity.labels] = value / identity.name.divisor
        return [*metrics, *gauges.values()]

    def _count(self, series: str, amount: float, now: float) -> bool:
        """Add to a counter; one that falls would read as one that began again."""
        if amount < 0:
            return False
        counter = self._counters.get(series) or self._new_counter(series, now)
        if counter is None:
            return False
        counter.value += amount
        counter.subject.seen = now
        return True

    def _time_all(self, timers: TimerSet, now: float) -> int:
        """Add to histograms; return how many timers there is no room for."""
        counts = self._bounds.count(timers)
        sums, samples = timers.cells.sum.tolist(), timers.cells.samples.tolist()
        refused = 0
        for i, series in enumerate(timers):
            histogram = self._histograms.get(series) or self._new_histogram(series, now)
            if histogram is None:
                refused += 1
                continue
            histogram.buckets += counts[i]
            histogram.sum += sums[i]
            histogram.count += samples[i]
            histogram.subject.seen = now
        return refused

    def _show(self, flush: Flush) -> int:
        """Replace the gauges; return how many are too many."""
        room = self._max_series - self._size()
        known, self._gauges = self._gauges, {}
        for kind, values in ((Kind.GAUGE, flush.gauges), (Kind.SET, flush.sets)):
            for series, value in values.items():
                if len(self._gauges) < room:
                    key = kind, series
                    identity = known[key][0] if key in known else self._reader.read(kind, series)
                    self._gauges[key] = identity, value
        return len(flush.gauges) + len(flush.sets) - len(self._gauges)

    def _new_counter(self, series: str, now: float) -> Counter | None:
        if not self._has_room(1):
            return None
        identity = self._reader.read(Kind.COUNTER, series)
        counter = self._counters.place(identity.name, identity.labels, self._subject(identity, now))
        self._counters.spell(series, counter)
        self._begin_siblings(identity, counter.subject)
        return counter

    def _new_histogram(self, series: str, now: float) -> Histogram | None:
        if not self._has_room(self._histogram_size):
            return None
        identity = self._reader.read(Kind.TIMER, series)
        subject = self._subject(identity, now)
        histogram = self._histograms.place(identity.name, identity.labels, subject)
        self._histograms.spell(series, histogram)
        return histogram

    def _subject(self, identity: Identity, now: float) -> Subject:
        whole = (*identity.subject, ("", "" if _is_ours(identity) else identity.name.base))
        return self._subjects.setdefault(whole, Subject(now))

    def _begin_siblings(self, identity: Identity, subject: Subject) -> None:
        """Show at 0 what a new subject may come to count: a rate needs a value before the first."""
        for name in _SIBLINGS.get(identity.name.base, ()):
            if self._has_room(1):
                self._counters.place(name, identity.subject, subject)

    def _has_room(self, more: int) -> bool:
        return self._size() + len(self._gauges) + more <= self._max_series

    def _size(self) -> int:
        return len(self._counters) + len(self._histograms) * self._histogram_size

    def _forget(self, before: float) -> None:
        self._counters.forget(before)
        self._histograms.forget(before)
        self._subjects = {
            labels: one for labels, one in self._subjects.items() if one.seen >= before
        }


def _value(name: Name, histogram: Histogram) -> HistogramValue:
    return HistogramValue(histogram.buckets.tolist(), histogram.sum / name.divisor, histogram.count)


def _is_ours(identity: Identity) -> bool:
    return identity.name.base in _SIBLINGS


def _siblings(family: Family, leaf: str) -> tuple[Name, ...]:
    """Return the counters that a subject of which `leaf` is told has, too."""
    if (family, leaf) in _OF_MESSAGES:
        return ()
    return tuple(
        name
        for (other, other_leaf), name in NAMES.items()
        if other is family
        and name.kind is Kind.COUNTER
        and not name.detail
        and (other, other_leaf) not in _OF_MESSAGES
    )


_SIBLINGS = {name.base: _siblings(*key) for key, name in NAMES.items()}
