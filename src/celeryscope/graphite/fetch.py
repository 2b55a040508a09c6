"""Reads leaves from the store at one request's step, each kind merged in its own way.

Counts are summed and rates are what was counted over the seconds listened; timers are merged
before a statistic is read; gauges are averaged; of sets the largest is kept; plain series are
merged by the method that their path has in storage-aggregation.conf.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar, cast

import numpy as np

from celeryscope.graphite import events
from celeryscope.graphite.budget import Budget
from celeryscope.graphite.grids import Grids
from celeryscope.graphite.kept import KeptGrids
from celeryscope.graphite.namespace import Leaf, Namespace, split
from celeryscope.graphite.naming import tags_of
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.tagged import TagFinder
from celeryscope.metrics import Kind
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Series, Store, Window

_CELLS_AT_ONCE = 500_000
"""Intervals of series that the store merges at a time, so that requests share its memory."""

_TIMER_CELLS_AT_ONCE = 30_000
"""Intervals of timers: each has a distribution, some hundred rows where much is run."""

_METHODS = {"count": "sum", "sum": "sum", "lower": "min", "upper": "max"}

T = TypeVar("T")
Rows = Iterator[tuple[Leaf, str, Floats]]
"""Each leaf with its consolidation method and its values."""


class Fetcher:
    """Answers one request: keeps what it has read, and charges the values asked for."""

    def __init__(self, store: Store, namespace: Namespace, kept: KeptGrids, budget: Budget) -> None:
        self._store = store
        self._grids = Grids(store, kept)
        self._namespace = namespace
        self._budget = budget
        self._asked: dict[Window, tuple[int, int, int | None]] = {}
        self._kept: dict[Hashable, object] = {}

    def window(self, start: int, end: int, points: int | None) -> Window:
        """Return the intervals that answer a range: the finest, or at most `points`."""
        key = ("window", start, end, points)
        window = self._keep(key, lambda: self._store.window(start, end, points))
        self._asked.setdefault(window, (start, end, points))
        return window

    def series(self, expression: str, window: Window, xff: float) -> list[TimeSeries]:
        """Return what a path expression stands for, ordered by path."""
        leaves = self._keep(("leaves", expression), lambda: self._leaves(expression))
        return self._lines(leaves, expression, window, xff)

    def tagged(
        self, tests: Sequence[str], expression: str, window: Window, xff: float
    ) -> list[TimeSeries]:
        """Return the series for which all tag expressions hold; `expression` is their path."""
        finder = TagFinder(self._store, self._namespace, self._budget)
        leaves = self._keep(("tagged", *tests), lambda: finder.leaves(tests))
        return self._lines(leaves, expression, window, xff)

    def events(self, tags: Sequence[str], window: Window) -> Floats:
        """Return how many events with all tags each interval has; NaN for none."""
        self._budget.charge(window.points)
        found = events.found(self._store.events, window.start, window.end - 1, tags)
        places = [(event.when - window.start) // window.step for event in found]
        counts = np.bincount(np.array(places, dtype=np.int64), minlength=window.points)
        return np.where(counts > 0, counts, np.nan)

    def _lines(
        self, leaves: Sequence[Leaf], expression: str, window: Window, xff: float
    ) -> list[TimeSeries]:
        lines = {}
        for archive in sorted({leaf.series.archive for leaf in leaves}):
            own = self._own_window(window, archive)
            kept_there = [leaf for leaf in leaves if leaf.series.archive == archive]
            self._budget.charge(len(kept_there) * own.points)
            for leaf, method, values in self._rows(kept_there, own):
                lines[leaf.path] = _line(leaf, expression, own, method, values, xff)
        return [lines[leaf.path] for leaf in leaves]

    def merged_percentile(self, expression: str, percent: float, window: Window) -> Floats | None:
        """Return a percentile of all runs of the timers that match; None if no timer does."""
        series = self._namespace.timers(split(expression))
        self._budget.charge(window.points)
        self._budget.work(len(series) * window.points)
        return self._store.timers([series], window).cells.percentile(percent) if series else None

    def _own_window(self, window: Window, archive: int) -> Window:
        """Return the window that answers the same range in the steps of another archive."""
        if archive == window.archive:
            return window
        start, end, points = self._asked.get(window, (window.start, window.end, window.points))
        key = ("own", start, end, points, archive)
        return self._keep(key, lambda: self._store.window(start, end, points, archive))

    def _leaves(self, expression: str) -> list[Leaf]:
        return self._namespace.leaves(split(expression))

    def _rows(self, leaves: Sequence[Leaf], window: Window) -> Rows:
        readers = {
            Kind.COUNTER: self._counters,
            Kind.TIMER: self._timers,
            Kind.GAUGE: self._gauges,
            Kind.SET: self._sets,
            Kind.PLAIN: self._plain,
        }
        for kind, read in readers.items():
            of_kind = [leaf for leaf in leaves if leaf.series.kind is kind]
            cells = _TIMER_CELLS_AT_ONCE if kind is Kind.TIMER else _CELLS_AT_ONCE
            for some in _parts(of_kind, max(cells // window.points, 1)):
                yield from read(some, window)

    def _counters(self, leaves: Sequence[Leaf], window: Window) -> Rows:
        series, row_of = _distinct(leaves)
        totals = self._grids.totals(series, window)
        for leaf in leaves:
            total = totals[row_of[leaf.series.id]]
            if leaf.statistic == "rate":
                yield leaf, "average", total / self._listened(window)
            else:
                yield leaf, "sum", total

    def _timers(self, leaves: Sequence[Leaf], window: Window) -> Rows:
        series, row_of = _distinct(leaves)
        names = {leaf.statistic for leaf in leaves}
        grids = {name: self._grids.statistic(name, series, window) for name in names}
        for leaf in leaves:
            values = grids[leaf.statistic][row_of[leaf.series.id]]
            yield leaf, _method(leaf.statistic), values

    def _gauges(self, leaves: Sequence[Leaf], window: Window) -> Rows:
        series, row_of = _distinct(leaves)
        means = self._grids.means(series, window)
        yield from ((leaf, "average", means[row_of[leaf.series.id]]) for leaf in leaves)

    def _sets(self, leaves: Sequence[Leaf], window: Window) -> Rows:
        series, row_of = _distinct(leaves)
        sizes = self._grids.sizes(series, window)
        yield from ((leaf, "max", sizes[row_of[leaf.series.id]]) for leaf in leaves)

    def _plain(self, leaves: Sequence[Leaf], window: Window) -> Rows:
        series, row_of = _distinct(leaves)
        values = self._grids.points(series, window)
        yield from ((leaf, "average", values[row_of[leaf.series.id]]) for leaf in leaves)

    def _listened(self, window: Window) -> Floats:
        seconds = self._grids.covered(window)
        return np.where(seconds > 0, seconds, np.nan)

    def _keep(self, key: Hashable, read: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = read()
        return cast("T", self._kept[key])


def _parts(leaves: Sequence[Leaf], series: int) -> Iterator[Sequence[Leaf]]:
    """Yield the leaves of at most so many series at a time, those of one series together."""
    if 0 < len(leaves) <= series:
        yield leaves
        return
    ordered = sorted(leaves, key=lambda leaf: leaf.series.id)
    of_each = [list(group) for _, group in groupby(ordered, key=lambda leaf: leaf.series.id)]
    for first in range(0, len(of_each), series):
        yield [leaf for group in of_each[first : first + series] for leaf in group]


def _distinct(leaves: Sequence[Leaf]) -> tuple[list[Series], dict[int, int]]:
    """Return the leaves' series without repetition, and each one's row by its id."""
    series = {leaf.series.id: leaf.series for leaf in leaves}
    return list(series.values()), {one: row for row, one in enumerate(series)}


def _method(statistic: str) -> str:
    """Return how a timer's statistic is best merged once it has been read."""
    part = statistic.partition("_")[0]
    return "average" if statistic == "count_ps" else _METHODS.get(part, "average")


def _line(
    leaf: Leaf, expression: str, window: Window, method: str, values: Floats, xff: float
) -> TimeSeries:
    return TimeSeries(
        name=leaf.name,
        start=window.start,
        step=window.step,
        values=values,
        method=method,
        path=expression,
        tags=tags_of(leaf.name),
        xff=xff,
    )
