"""A flush as the points that node statsd would send to Graphite, idle series included."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import compress
from math import floor

import numpy as np

from celeryscope.carbon.codec import Snapshot
from celeryscope.flush import Flush
from celeryscope.metrics import OWN, Kind
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.outputs.idle import LIFETIME, LIMIT, IdleNames
from celeryscope.sketch import Floats
from celeryscope.timers import Table, TimerStatistics


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

    def of(self, flush: Flush) -> Snapshot:
        """Return an interval's points: counters, timers, gauges, sets."""
        by_kind = {
            Kind.COUNTER: self._counters(flush),
            Kind.TIMER: self._timers(flush),
            Kind.GAUGE: [_table(flush.gauges, "")],
            Kind.SET: self._sets(flush),
        }
        paths: list[str] = []
        values = [np.empty(0)]
        for kind, tables in by_kind.items():
            for table in tables:
                paths += self._paths(kind, table)
                values.append(table.values.ravel())
        return _known(paths, np.concatenate(values))

    def _counters(self, flush: Flush) -> Iterator[Table]:
        names, _, counts = _table(flush.counters, "count")
        if flush.seconds:
            yield Table(names, ("rate", "count"), np.hstack([counts / flush.seconds, counts]))
        else:
            yield Table(names, ("count",), counts)
        yield _zeros(self._idle_names(Kind.COUNTER, flush.counters, flush), "rate", "count")

    def _timers(self, flush: Flush) -> Iterator[Table]:
        yield from self._statistics.of(flush.timers, flush.seconds)
        yield self._statistics.idle(self._idle_names(Kind.TIMER, flush.timers, flush))

    def _sets(self, flush: Flush) -> Iterator[Table]:
        yield _table(flush.sets, "count")
        yield _zeros(self._idle_names(Kind.SET, flush.sets, flush), "count")

    def _idle_names(self, kind: Kind, values: Collection[str], flush: Flush) -> list[str]:
        if kind not in self._deleted:
            return self._idle[kind].besides(values, flush.start)
        own = [name for name in values if name.startswith(OWN)]
        return self._idle[kind].besides(own, flush.start)

    def _paths(self, kind: Kind, table: Table) -> Iterator[str]:
        """Yield the paths of a table's values, row after row."""
        places = [self._place(kind, statistic) for statistic in table.statistics]
        for name in table.names:
            key, tags = self._naming.split(name)
            yield from [f"{before}{key}{after}{tags}" for before, after in places]


def _known(paths: Sequence[str], values: Floats) -> Snapshot:
    known = ~np.isnan(values)
    return Snapshot(paths if known.all() else list(compress(paths, known)), values[known])


def _table(values: Mapping[str, float], statistic: str) -> Table:
    column = np.fromiter(values.values(), np.float64, len(values))
    return Table([*values], (statistic,), column[:, None])


def _zeros(names: Sequence[str], *statistics: str) -> Table:
    return Table(names, statistics, np.zeros((len(names), len(statistics))))
