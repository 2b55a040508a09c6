"""A flush as the points that node statsd would send to Graphite, idle series included."""

from collections.abc import Iterator, Mapping
from functools import cache
from math import floor

from celeryscope.carbon.codec import Point
from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.namespace import DEFAULT_NAMING, OWN, Naming
from celeryscope.outputs.idle import LIFETIME, LIMIT, IdleNames
from celeryscope.timers import TimerStatistics

_Named = Iterator[tuple[str, Mapping[str, float]]]
"""Series' names, each with its values by statistic."""


def timestamp(flush: Flush) -> int:
    """Return the Unix time that a flush's points carry: its interval's first second."""
    return floor(flush.start)


class Points:
    """Makes points of flushes, which come in order and one at a time.

    A series that is idle keeps its last value if it is a gauge, else it is sent as 0 until it
    has been idle for a day; of each kind at most `idle_limit` names are remembered. Those of the
    kinds in `delete_idle` are left out at once, but for the server's own counters. Gauges are
    what the flush says they are.
    """

    def __init__(
        self,
        naming: Naming = DEFAULT_NAMING,
        statistics: TimerStatistics | None = None,
        delete_idle: frozenset[Kind] = frozenset(),
        idle_limit: int = LIMIT,
    ) -> None:
        self._naming = naming
        self._statistics = statistics or TimerStatistics()
        self._deleted = delete_idle
        self._idle = {
            kind: IdleNames(LIFETIME, idle_limit) for kind in (Kind.COUNTER, Kind.TIMER, Kind.SET)
        }
        self._place = cache(naming.place)

    def of(self, flush: Flush) -> list[Point]:
        """Return an interval's points: counters, timers, gauges, sets."""
        by_kind = {
            Kind.COUNTER: self._counters(flush),
            Kind.TIMER: self._timers(flush),
            Kind.GAUGE: ((name, {"": value}) for name, value in flush.gauges.items()),
            Kind.SET: self._sets(flush),
        }
        return [
            point
            for kind, series in by_kind.items()
            for name, values in series
            for point in self._laid_out(kind, name, values)
        ]

    def _counters(self, flush: Flush) -> _Named:
        seconds = flush.seconds
        for name, value in flush.counters.items():
            yield name, {"rate": value / seconds, "count": value} if seconds else {"count": value}
        for name in self._idle_names(Kind.COUNTER, flush.counters, flush):
            yield name, {"rate": 0.0, "count": 0.0}

    def _timers(self, flush: Flush) -> _Named:
        for name, timer in flush.timers.items():
            yield name, self._statistics.of(name, timer, flush.seconds)
        idle = self._statistics.idle()
        for name in self._idle_names(Kind.TIMER, flush.timers, flush):
            yield name, idle

    def _sets(self, flush: Flush) -> _Named:
        for name, value in flush.sets.items():
            yield name, {"count": value}
        for name in self._idle_names(Kind.SET, flush.sets, flush):
            yield name, {"count": 0.0}

    def _idle_names(self, kind: Kind, values: Mapping[str, object], flush: Flush) -> list[str]:
        if kind not in self._deleted:
            return self._idle[kind].besides(values, flush.start)
        own = [name for name in values if name.startswith(OWN)]
        return self._idle[kind].besides(own, flush.start)

    def _laid_out(self, kind: Kind, name: str, values: Mapping[str, float]) -> Iterator[Point]:
        key, tags = self._naming.split(name)
        for statistic, value in values.items():
            before, after = self._place(kind, statistic)
            yield f"{before}{key}{after}{tags}", value
