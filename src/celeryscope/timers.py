"""Every statistic of one timer in one interval, under node statsd's names and by its formulas.

They are exact where the samples are at hand. Elsewhere what stands on order (thresholds, median,
bins) is read from the histogram, within 1 % of the value, and the rest is exact all the same.

A threshold P of n samples takes the k = round(|P| / 100 * n) lowest of them, or highest if P is
negative: half up, at most n. Where k is 0 it has no statistics; a single sample has all.
"""

import re
from dataclasses import dataclass
from functools import cache
from math import floor, isinf, isnan, sqrt

import numpy as np

from celeryscope.sketch import Distribution, Distributions, Floats, value_of
from celeryscope.statistics import DEFAULT_THRESHOLDS, digits, readings, suffix

Histogram = tuple[str, tuple[float, ...]]
"""The part of a timer's name that it is for, and its bins' upper bounds, ascending."""

_COUNTS = {"count", "count_ps"}
_HISTOGRAM = "histogram"
_PERCENT = re.compile(r"_(top)?\d+(_\d+)?\Z")


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

    def of(self, name: str, timer: Distribution, seconds: float) -> dict[str, float]:
        """Return a timer's statistics in an interval of `seconds`; no `count_ps` in one of none."""
        found = {"count": timer.count}
        if seconds > 0:
            found["count_ps"] = timer.count / seconds
        if timer.values is None:
            found |= _read(timer, self.thresholds)
        else:
            found |= _Samples.of(timer.values).statistics(self.thresholds)
        return self._wanted(found | _bins(timer, self._bounds(name)))

    def idle(self) -> dict[str, float]:
        """Return the statistics of a timer to which nothing came."""
        return self._wanted({"count": 0.0, "count_ps": 0.0})

    def _bounds(self, name: str) -> tuple[float, ...]:
        return next((bounds for part, bounds in self.histograms if part in name), ())

    def _wanted(self, found: dict[str, float]) -> dict[str, float]:
        if not self.wanted:
            return found
        return {name: value for name, value in found.items() if _family(name) in self.wanted}


@dataclass(frozen=True, slots=True)
class _Samples:
    """Ascending values, and the sums of the first so many of them and of their squares.

    All sums add one value after the other, as node's do, so that they are equal to the last bit.
    """

    values: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, values: Floats) -> "_Samples":
        return cls(values, np.cumsum(values), np.cumsum(values * values))

    def statistics(self, thresholds: tuple[float, ...]) -> dict[str, float]:
        found = self._whole()
        for threshold in thresholds:
            found |= self._beyond(threshold)
        return found

    def _whole(self) -> dict[str, float]:
        values, n = self.values, self.values.size
        total, squares = float(self.sums[-1]), float(self.squares[-1])
        deviations = np.cumsum(np.square(values - total / n))
        return {
            "lower": float(values[0]),
            "upper": float(values[-1]),
            "sum": total,
            "sum_squares": squares,
            "mean": total / n,
            "median": float(values[(n - 1) // 2] + values[n // 2]) / 2,
            "std": sqrt(float(deviations[-1]) / n),
        }

    def _beyond(self, threshold: float) -> dict[str, float]:
        n, name = self.values.size, suffix(threshold)
        k = 1 if n == 1 else min(floor(abs(threshold) / 100 * n + 0.5), n)
        if k == 0:
            return {}
        first, edge, place = (n - k, "lower", n - k) if threshold < 0 else (0, "upper", k - 1)
        total = _between(self.sums, first, first + k)
        return {
            f"count_{name}": float(k),
            f"mean_{name}": total / k,
            f"{edge}_{name}": float(self.values[place]),
            f"sum_{name}": total,
            f"sum_squares_{name}": _between(self.squares, first, first + k),
        }


def _between(sums: Floats, first: int, end: int) -> float:
    return float(sums[end - 1] - sums[first - 1]) if first else float(sums[end - 1])


def _read(timer: Distribution, thresholds: tuple[float, ...]) -> dict[str, float]:
    cells, seconds = Distributions.of([timer]), np.ones(1)
    read = readings(thresholds)
    found = {name: float(read[name](cells, seconds)[0]) for name in read.keys() - _COUNTS}
    return {name: value for name, value in found.items() if not isnan(value)}


def _bins(timer: Distribution, bounds: tuple[float, ...]) -> dict[str, float]:
    """Return how many values lie below each bound and not below the one before."""
    if timer.values is None:
        values = value_of(timer.buckets).clip(timer.min, timer.max)
        runs = np.concatenate([[0], np.cumsum(timer.counts)])
        below = runs[np.searchsorted(values, bounds)]
    else:
        below = np.searchsorted(timer.values, bounds)
    counts = np.diff(below, prepend=0)
    return {_bin(bound): float(count) for bound, count in zip(bounds, counts, strict=True)}


@cache
def _bin(bound: float) -> str:
    return f"{_HISTOGRAM}.bin_{'inf' if isinf(bound) else digits(bound)}"


@cache
def _family(statistic: str) -> str:
    """Return a statistic as `wanted` names it."""
    return _PERCENT.sub("_percent", statistic.partition(".")[0])
