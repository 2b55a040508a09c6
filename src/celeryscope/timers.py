"""Every statistic of the timers of one interval, under node statsd's names and by its formulas.

They are exact where the samples are at hand. Elsewhere what stands on order (thresholds, median,
bins) is read from the histogram, within 1 % of the value, and the rest is exact all the same.

A threshold P of n samples takes the k = round(|P| / 100 * n) lowest of them, or highest if P is
negative: half up, at most n. Where k is 0 it has no statistics; a single sample has all.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import floor, isinf
from typing import NamedTuple

import numpy as np

from celeryscope.sketch import Counts, Distribution, Distributions, Floats
from celeryscope.statistics import DEFAULT_THRESHOLDS, digits, readings, suffix
from celeryscope.timerset import Block, TimerSet

Histogram = tuple[str, tuple[float, ...]]
"""The part of a timer's name that it is for, and its bins' upper bounds, ascending."""

_Columns = dict[str, Floats]
"""By statistic, its value of each timer."""

_COUNTS = ("count", "count_ps")
_HISTOGRAM = "histogram"
_PERCENT = re.compile(r"_(top)?\d+(_\d+)?\Z")


class Table(NamedTuple):
    """A row of values for each name, a column for each statistic; NaN where there is none."""

    names: Sequence[str]
    statistics: Sequence[str]
    values: Floats


@dataclass(frozen=True, slots=True)
class TimerStatistics:
    """Which statistics timers have.

    `histograms` are looked through in order; the first whose part is in a timer's name is its
    own. `wanted` names the statistics, thresholds as in `upper_percent` and all bins as
    `histogram`; if it is empty there are all.
    """

    thresholds: tuple[float, ...] = DEFAULT_THRESHOLDS
    histograms: tuple[Histogram, ...] = ()
    wanted: frozenset[str] = frozenset()

    def of(self, timers: Mapping[str, Distribution], seconds: float) -> Iterator[Table]:
        """Yield the statistics in an interval of `seconds`; no `count_ps` in one of none."""
        side_by_side = TimerSet.of(timers)
        names = list(side_by_side)
        for block in side_by_side.blocks():
            cells = side_by_side.cells.part(block.first, block.end)
            found = {"count": cells.count}
            if seconds > 0:
                found["count_ps"] = cells.count / seconds
            values = _values_of(block, cells)
            found |= values.statistics(self.thresholds)
            yield from self._tables(names[block.first : block.end], found, values)

    def idle(self, names: Sequence[str]) -> Table:
        """Return the statistics of timers to which nothing came."""
        return self._table(names, {count: np.zeros(len(names)) for count in _COUNTS})

    def _tables(
        self, names: Sequence[str], found: _Columns, values: "_Samples | _Bins"
    ) -> Iterator[Table]:
        """Yield a table for the timers of each histogram."""
        by_bounds: dict[tuple[float, ...], list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            by_bounds[self._bounds(name)].append(place)
        for bounds, places in by_bounds.items():
            own = found | _bins(values, bounds)
            here = {statistic: column[places] for statistic, column in own.items()}
            yield self._table([names[place] for place in places], here)

    def _bounds(self, name: str) -> tuple[float, ...]:
        return next((bounds for part, bounds in self.histograms if part in name), ())

    def _table(self, names: Sequence[str], found: _Columns) -> Table:
        wanted = [name for name in found if not self.wanted or _family(name) in self.wanted]
        values = np.column_stack([np.empty((len(names), 0)), *(found[name] for name in wanted)])
        return Table(names, wanted, values)


@dataclass(frozen=True, slots=True)
class _Samples:
    """Timers' ascending values, as many of each, and the sums of the first so many and squares.

    All sums add one value after the other, as node's do, so that they are equal to the last bit.
    """

    values: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, values: Floats) -> "_Samples":
        return cls(values, np.cumsum(values, axis=1), np.cumsum(values * values, axis=1))

    def statistics(self, thresholds: tuple[float, ...]) -> _Columns:
        found = self._whole()
        for threshold in thresholds:
            found |= self._beyond(threshold)
        return found

    def below(self, bound: float) -> Counts:
        below: Counts = np.count_nonzero(self.values < bound, axis=1)
        return below

    def _whole(self) -> _Columns:
        values, n = self.values, self.values.shape[1]
        total, squares = self.sums[:, -1], self.squares[:, -1]
        mean = total / n
        deviations = np.cumsum(np.square(values - mean[:, None]), axis=1)
        return {
            "lower": values[:, 0],
            "upper": values[:, -1],
            "sum": total,
            "sum_squares": squares,
            "mean": mean,
            "median": (values[:, (n - 1) // 2] + values[:, n // 2]) / 2,
            "std": np.sqrt(deviations[:, -1] / n),
        }

    def _beyond(self, threshold: float) -> _Columns:
        (timers, n), name = self.values.shape, suffix(threshold)
        k = 1 if n == 1 else min(floor(abs(threshold) / 100 * n + 0.5), n)
        if k == 0:
            return {}
        first, edge, place = (n - k, "lower", n - k) if threshold < 0 else (0, "upper", k - 1)
        total = _between(self.sums, first, first + k)
        return {
            f"count_{name}": np.full(timers, float(k)),
            f"mean_{name}": total / k,
            f"{edge}_{name}": self.values[:, place],
            f"sum_{name}": total,
            f"sum_squares_{name}": _between(self.squares, first, first + k),
        }


@dataclass(frozen=True, slots=True)
class _Bins:
    """Timers' histograms, and the value that stands for each of their bins."""

    cells: Distributions
    values: Floats

    @classmethod
    def of(cls, cells: Distributions) -> "_Bins":
        return cls(cells, cells.bin_values())

    def statistics(self, thresholds: tuple[float, ...]) -> _Columns:
        seconds = np.ones(self.cells.samples.shape)
        read = readings(thresholds)
        return {name: read[name](self.cells, seconds) for name in read if name not in _COUNTS}

    def below(self, bound: float) -> Counts:
        counts = np.where(self.values < bound, self.cells.counts, 0)
        below: Counts = np.add.reduceat(counts, self.cells.offsets[:-1])
        return below


def _values_of(block: Block, cells: Distributions) -> _Samples | _Bins:
    return _Bins.of(cells) if block.rows is None else _Samples.of(block.rows)


def _between(sums: Floats, first: int, end: int) -> Floats:
    return sums[:, end - 1] - sums[:, first - 1] if first else sums[:, end - 1]


def _bins(values: _Samples | _Bins, bounds: tuple[float, ...]) -> _Columns:
    """Return how many values lie below each bound and not below the one before."""
    found: _Columns = {}
    before: Counts | int = 0
    for bound in bounds:
        below = values.below(bound)
        found[_bin(bound)] = (below - before).astype(np.float64)
        before = below
    return found


@cache
def _bin(bound: float) -> str:
    return f"{_HISTOGRAM}.bin_{'inf' if isinf(bound) else digits(bound)}"


@cache
def _family(statistic: str) -> str:
    """Return a statistic as `wanted` names it."""
    return _PERCENT.sub("_percent", statistic.partition(".")[0])
