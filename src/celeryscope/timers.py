"""Every statistic of one timer in one interval, under node statsd's names and by its formulas.

They are exact where the samples are at hand. Elsewhere what stands on order (thresholds, median,
bins) is read from the histogram, within 1 % of the value, and the rest is exact all the same.

A threshold P of n samples takes the k = round(|P| / 100 * n) lowest of them, or highest if P is
negative: half up, at most n. Where k is 0 it has no statistics; a single sample has all.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from math import floor, isinf, sqrt
from typing import cast

import numpy as np

from celeryscope.sketch import Distribution, value_of
from celeryscope.statistics import DEFAULT_THRESHOLDS, digits, suffix

Histogram = tuple[str, tuple[float, ...]]
"""The part of a timer's name that it is for, and its bins' upper bounds, ascending."""

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
        samples = _Samples.of(timer)
        found = {"count": timer.count}
        if seconds > 0:
            found["count_ps"] = timer.count / seconds
        found |= samples.whole()
        for threshold in self.thresholds:
            found |= samples.beyond(threshold)
        return self._wanted(found | samples.bins(self._bounds(name)))

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
    """Ascending values, and the sums of the first so many of them and of their squares."""

    values: list[float]
    sums: list[float]
    squares: list[float]
    sum: float
    sum_squares: float
    variance: float

    @classmethod
    def of(cls, timer: Distribution) -> "_Samples":
        if timer.values is None:
            values = _from_histogram(timer)
            variance = timer.sum_squares / timer.samples - (timer.sum / timer.samples) ** 2
            return cls(values, *_running(values), timer.sum, timer.sum_squares, max(variance, 0.0))
        values = timer.values.tolist()
        sums, squares = _running(values)
        mean = sums[-1] / len(values)
        variance = sum((value - mean) ** 2 for value in values) / len(values)
        return cls(values, sums, squares, sums[-1], squares[-1], variance)

    def whole(self) -> dict[str, float]:
        values, n = self.values, len(self.values)
        return {
            "lower": values[0],
            "upper": values[-1],
            "sum": self.sum,
            "sum_squares": self.sum_squares,
            "mean": self.sum / n,
            "median": (values[(n - 1) // 2] + values[n // 2]) / 2,
            "std": sqrt(self.variance),
        }

    def beyond(self, threshold: float) -> dict[str, float]:
        n, name = len(self.values), suffix(threshold)
        k = 1 if n == 1 else min(floor(abs(threshold) / 100 * n + 0.5), n)
        if k == 0:
            return {}
        first, edge, place = (n - k, "lower", n - k) if threshold < 0 else (0, "upper", k - 1)
        total, squares = self._totals(first, first + k)
        return {
            f"count_{name}": float(k),
            f"mean_{name}": total / k,
            f"{edge}_{name}": self.values[place],
            f"sum_{name}": total,
            f"sum_squares_{name}": squares,
        }

    def bins(self, bounds: tuple[float, ...]) -> dict[str, float]:
        """Return how many values lie below each bound and not below the one before."""
        below = [0, *(bisect_left(self.values, bound) for bound in bounds)]
        counts = (float(high - low) for low, high in pairwise(below))
        return dict(zip(map(_bin, bounds), counts, strict=True))

    def _totals(self, first: int, end: int) -> tuple[float, float]:
        if end - first == len(self.values):
            return self.sum, self.sum_squares
        return self.sums[end] - self.sums[first], self.squares[end] - self.squares[first]


def _from_histogram(timer: Distribution) -> list[float]:
    values = np.repeat(value_of(timer.buckets), timer.counts).clip(timer.min, timer.max)
    values[0], values[-1] = timer.min, timer.max
    return cast("list[float]", values.tolist())


def _running(values: list[float]) -> tuple[list[float], list[float]]:
    """Return the sums of the first so many values, from none to all, and of their squares."""
    squares = (value * value for value in values)
    return [0.0, *accumulate(values)], [0.0, *accumulate(squares)]


@cache
def _bin(bound: float) -> str:
    return f"{_HISTOGRAM}.bin_{'inf' if isinf(bound) else digits(bound)}"


@cache
def _family(statistic: str) -> str:
    """Return a statistic as `wanted` names it."""
    return _PERCENT.sub("_percent", statistic.partition(".")[0])
