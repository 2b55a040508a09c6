"""A `Store` in memory, for tests of its readers: one tier, and every answer worked out anew."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution, Distributions, Floats
from celeryscope.store.protocol import Event, Node, Points, Scalars, Series, Settled, Timers, Window
from celeryscope.store.stop import Stop
from celeryscope.store.tagindex import TagIndex
from celeryscope.store.tiers import Tier
from celeryscope.store.tree import NameTree
from celeryscope.store.windows import choose_window

NOTHING = Distribution(
    0.0, 0, np.nan, np.nan, np.nan, np.nan, np.empty(0, np.int16), np.empty(0, np.int64)
)


class FakeEvents:
    """An `EventLog` in memory."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        self._events.append(replace(event, id=len(self._events) + 1))

    def find(
        self, start: int, end: int, tags: Sequence[str], *, any_tag: bool, limit: int
    ) -> list[Event]:
        enough = any if any_tag else all
        found = (
            one
            for one in self._events
            if start <= one.when <= end and (not tags or enough(tag in one.tags for tag in tags))
        )
        return sorted(found, key=lambda one: one.when)[:limit]

    def get(self, number: int) -> Event | None:
        return next((one for one in self._events if one.id == number), None)


class FakeStore:
    """Keeps flushes as they came, for good."""

    def __init__(self, step: int = 10) -> None:
        self._tier = Tier(step, 10**9)
        self._flushes: list[Flush] = []
        self._points: dict[tuple[str, int], float] = {}
        self._tree = NameTree()
        self.events = FakeEvents()
        self.stop = Stop()

    @property
    def tags(self) -> TagIndex:
        return self._tree.tags

    def write(self, flush: Flush) -> None:
        kinds = {
            Kind.COUNTER: flush.counters,
            Kind.GAUGE: flush.gauges,
            Kind.SET: flush.sets,
            Kind.TIMER: flush.timers,
        }
        for kind, values in kinds.items():
            for name in values:
                if self._tree.get(kind, name) is None:
                    series = Series(len(self._tree), kind, name, int(flush.start))
                    self._tree.add(series)
        self._flushes.append(flush)

    def maintain(self, now: float) -> None:
        self._flushes = [f for f in self._flushes if f.start >= now - self._tier.retention]

    def write_points(self, points: Points) -> int:
        rows = zip(points.names, points.timestamps.tolist(), points.values.tolist(), strict=True)
        for name, timestamp, value in rows:
            if self._tree.get(Kind.PLAIN, name) is None:
                self._tree.add(Series(len(self._tree), Kind.PLAIN, name, timestamp))
            self._points[name, self._tier.floor(timestamp)] = value
        return 0

    def tidy(self, now: float) -> bool:
        del now
        return False

    def ended_by(self, stop: Stop) -> Self:
        view = copy(self)
        view.stop = stop
        return view

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        self.stop.check()
        return self._tree.find(kind, pattern)

    def window(
        self, start: float, end: float, points: int | None = None, archive: int = 0
    ) -> Window:
        del archive
        return choose_window([self._tier], start, end, points)

    def settled(self) -> Settled:
        return Settled(self._flushes[-1].start if self._flushes else 0.0, len(self._flushes))

    def covered(self, window: Window) -> Floats:
        return np.array([sum(f.seconds for f in held) for held in self._by_point(window)])

    def scalars(self, series: Sequence[Series], window: Window) -> Scalars:
        cells = [[_values(one, held) for held in self._by_point(window)] for one in series]

        def grid(aggregate: Callable[[list[float]], float]) -> Floats:
            rows = [[aggregate(values) if values else np.nan for values in row] for row in cells]
            return np.array(rows, dtype=np.float64).reshape(len(series), window.points)

        total = grid(sum)
        return Scalars(
            total=np.where(np.isnan(total) & self._idle(series, window), 0.0, total),
            last=grid(lambda values: values[-1]),
            low=grid(min),
            high=grid(max),
            mean=grid(lambda values: sum(values) / len(values)),
        )

    def totals(self, groups: Sequence[Sequence[Series]], window: Window) -> Floats:
        points = self._by_point(window)
        sums = [
            sum(flush.counters.get(one.name, 0) for flush in held for one in group)
            for group in groups
            for held in points
        ]
        return np.array(sums, dtype=np.float64).reshape(len(groups), window.points)

    def points(self, series: Sequence[Series], window: Window) -> Floats:
        grid = np.full((len(series), window.points), np.nan)
        for row, one in enumerate(series):
            for i in range(window.points):
                start = window.start + i * window.step
                found = [
                    value
                    for (name, timestamp), value in self._points.items()
                    if name == one.name and start <= timestamp < start + window.step
                ]
                grid[row, i] = sum(found) / len(found) if found else np.nan
        return grid

    def timers(self, groups: Sequence[Sequence[Series]], window: Window) -> Timers:
        cells = [
            merged([f.timers[one.name] for f in held for one in group if one.name in f.timers])
            for group in groups
            for held in self._by_point(window)
        ]
        return Timers(Distributions.of(cells), len(groups), window.points)

    def _by_point(self, window: Window) -> list[list[Flush]]:
        points: list[list[Flush]] = [[] for _ in range(window.points)]
        for flush in self._flushes:
            if window.start <= flush.start < window.end:
                points[int(flush.start - window.start) // window.step].append(flush)
        return points

    def _idle(self, series: Sequence[Series], window: Window) -> NDArray[np.bool_]:
        ends = window.start + window.step * np.arange(1, window.points + 1)
        seen = np.array([s.first_seen if s.kind is Kind.COUNTER else np.inf for s in series])
        idle: NDArray[np.bool_] = (ends > seen[:, None]) & (self.covered(window) > 0)
        return idle


def merged(parts: Sequence[Distribution]) -> Distribution:
    if not parts:
        return NOTHING
    buckets, place = np.unique(np.concatenate([p.buckets for p in parts]), return_inverse=True)
    counts = np.zeros(buckets.size, np.int64)
    np.add.at(counts, place, np.concatenate([p.counts for p in parts]))
    return Distribution(
        count=sum(p.count for p in parts),
        samples=sum(p.samples for p in parts),
        sum=sum(p.sum for p in parts),
        sum_squares=sum(p.sum_squares for p in parts),
        min=min(p.min for p in parts),
        max=max(p.max for p in parts),
        buckets=buckets,
        counts=counts,
    )


def _values(series: Series, flushes: Sequence[Flush]) -> list[float]:
    maps = {Kind.COUNTER: "counters", Kind.GAUGE: "gauges", Kind.SET: "sets"}
    held = (getattr(flush, maps[series.kind]) for flush in flushes)
    return [values[series.name] for values in held if series.name in values]
