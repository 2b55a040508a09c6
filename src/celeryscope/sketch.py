"""The mergeable distribution: exact moments and a log-bucket histogram (DDSketch, 1 %).

A value v > 0 falls into bucket k = ceil(log(v) / log(GAMMA)), which holds GAMMA**(k-1) < v <=
GAMMA**k and is read back as 2 * GAMMA**k / (GAMMA + 1): at most RELATIVE_ERROR off. Merging adds
bucket counts, so it adds no error (Masson, Rim and Lee, "DDSketch", VLDB 2019).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

RELATIVE_ERROR = 0.01
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
ZERO_BUCKET = -32768
_BUCKETS = 2**16
_LOG_GAMMA = float(np.log(GAMMA))
_SMALLEST = 1e-9
_LARGEST = 1e18

Floats = NDArray[np.float64]
Buckets = NDArray[np.int16]
Counts = NDArray[np.int64]


def bucket_of(values: Floats) -> Buckets:
    """Return each value's bucket; values under 1e-9 share the zero bucket."""
    buckets = np.full(values.shape, ZERO_BUCKET, dtype=np.int16)
    positive = values >= _SMALLEST
    logs = np.log(np.minimum(values[positive], _LARGEST))
    buckets[positive] = np.ceil(logs / _LOG_GAMMA).astype(np.int16)
    return buckets


def value_of(buckets: Buckets) -> Floats:
    """Return the value that stands for each bucket."""
    values = np.exp(buckets.astype(np.float64) * _LOG_GAMMA) * (2 / (GAMMA + 1))
    return np.where(buckets == ZERO_BUCKET, 0.0, values)


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """What one timer saw in one interval.

    `count` is the number of runs that the samples stand for (1 / rate each), `samples` the
    number received, over which all else is taken. `buckets` are distinct and ascending. `values`
    are the samples themselves, ascending, where they are still at hand.
    """

    count: float
    samples: int
    sum: float
    sum_squares: float
    min: float
    max: float
    buckets: Buckets
    counts: Counts
    values: Floats | None = None

    @classmethod
    def of(cls, values: ArrayLike, count: float | None = None) -> Self:
        """Summarise at least one value, none negative."""
        array = np.sort(np.asarray(values, dtype=np.float64), axis=None)
        every = bucket_of(array)
        firsts = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]]))
        return cls(
            count=float(array.size) if count is None else count,
            samples=array.size,
            sum=float(array.sum()),
            sum_squares=float(np.square(array).sum()),
            min=float(array[0]),
            max=float(array[-1]),
            buckets=every[firsts],
            counts=np.diff(firsts, append=array.size),
            values=array,
        )

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Return at least one part as a whole, which no longer has the samples themselves."""
        runs: Counter[int] = Counter()
        for part in parts:
            runs.update(dict(zip(part.buckets.tolist(), part.counts.tolist(), strict=True)))
        buckets = sorted(runs)
        return cls(
            count=fsum(part.count for part in parts),
            samples=sum(part.samples for part in parts),
            sum=fsum(part.sum for part in parts),
            sum_squares=fsum(part.sum_squares for part in parts),
            min=min(part.min for part in parts),
            max=max(part.max for part in parts),
            buckets=np.array(buckets, dtype=np.int16),
            counts=np.array([runs[bucket] for bucket in buckets], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Distributions:
    """Many distributions side by side, read in one vectorised pass.

    The moments have one element a cell; one without samples has 0 in `count` and `samples`, and
    NaN elsewhere.
    The histograms lie end to end in `buckets` and `counts`, ascending within a cell; cell i's are
    those from `offsets[i]` to `offsets[i + 1]`.
    """

    count: Floats
    samples: Counts
    sum: Floats
    sum_squares: Floats
    min: Floats
    max: Floats
    offsets: Counts
    buckets: Buckets
    counts: Counts

    @classmethod
    def of(cls, parts: list[Distribution]) -> Self:
        """Lay single distributions side by side."""
        lengths = [part.buckets.size for part in parts]
        return cls(
            count=np.array([part.count for part in parts], dtype=np.float64),
            samples=np.array([part.samples for part in parts], dtype=np.int64),
            sum=np.array([part.sum for part in parts], dtype=np.float64),
            sum_squares=np.array([part.sum_squares for part in parts], dtype=np.float64),
            min=np.array([part.min for part in parts], dtype=np.float64),
            max=np.array([part.max for part in parts], dtype=np.float64),
            offsets=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
            buckets=np.concatenate([np.empty(0, np.int16), *(part.buckets for part in parts)]),
            counts=np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)]),
        )

    def part(self, first: int, end: int) -> Self:
        """Return the cells from `first` up to but not with `end`."""
        bins = slice(self.offsets[first], self.offsets[end])
        return type(self)(
            count=self.count[first:end],
            samples=self.samples[first:end],
            sum=self.sum[first:end],
            sum_squares=self.sum_squares[first:end],
            min=self.min[first:end],
            max=self.max[first:end],
            offsets=self.offsets[first : end + 1] - self.offsets[first],
            buckets=self.buckets[bins],
            counts=self.counts[bins],
        )

    def merged(self) -> Self:
        """Return all cells as a single one."""
        runs = np.zeros(_BUCKETS, dtype=np.int64)
        np.add.at(runs, self.buckets.astype(np.intp) - ZERO_BUCKET, self.counts)
        places = np.flatnonzero(runs)
        some = self.samples.any()
        return type(self)(
            count=self.count.sum(keepdims=True, where=self.samples > 0),
            samples=self.samples.sum(keepdims=True),
            sum=np.array([np.nansum(self.sum) if some else np.nan]),
            sum_squares=np.array([np.nansum(self.sum_squares) if some else np.nan]),
            min=np.array([np.fmin.reduce(self.min, initial=np.nan)]),
            max=np.array([np.fmax.reduce(self.max, initial=np.nan)]),
            offsets=np.array([0, places.size]),
            buckets=(places + ZERO_BUCKET).astype(np.int16),
            counts=runs[places],
        )

    def bin_values(self) -> Floats:
        """Return what stands for each bin, between its cell's least and greatest value."""
        bins = np.diff(self.offsets)
        return value_of(self.buckets).clip(np.repeat(self.min, bins), np.repeat(self.max, bins))

    def mean(self) -> Floats:
        return self._per_sample(self.sum)

    def std(self) -> Floats:
        """Return the population standard deviation."""
        variance = self._per_sample(self.sum_squares) - np.square(self.mean())
        return np.sqrt(np.maximum(variance, 0.0))

    def median(self) -> Floats:
        lower = self.value_at(self.samples // 2 + self.samples % 2)
        return (lower + self.value_at(self.samples // 2 + 1)) / 2

    def percentile(self, percent: float) -> Floats:
        """Return the value of rank round(percent / 100 * n), half up; NaN where that is 0."""
        return self.value_at(self.rank(percent))

    def rank(self, percent: float) -> Counts:
        """Return round(|percent| / 100 * n), half up, at most n."""
        rank = np.floor(abs(percent) / 100 * self.samples + 0.5).astype(np.int64)
        return np.minimum(np.where(self.samples == 1, 1, rank), self.samples)

    def value_at(self, rank: Counts) -> Floats:
        """Return the value of each cell's `rank`-th smallest sample, from 1; NaN outside."""
        inside, bins = self._bins_at(rank)
        value = np.full(self.samples.shape, np.nan)
        value[inside] = value_of(self.buckets[bins])
        value = np.clip(value, self.min, self.max)
        value = np.where(inside & (rank == 1), self.min, value)
        return np.where(inside & (rank == self.samples), self.max, value)

    def sum_lowest(self, rank: Counts) -> Floats:
        """Return the sum of each cell's `rank` smallest samples; NaN where rank is 0."""
        return self._total_lowest(rank, value_of(self.buckets), self.sum)

    def sum_squares_lowest(self, rank: Counts) -> Floats:
        """Return the sum of their squares, each at most twice RELATIVE_ERROR off."""
        return self._total_lowest(rank, np.square(value_of(self.buckets)), self.sum_squares)

    def sum_highest(self, rank: Counts) -> Floats:
        """Return the sum of each cell's `rank` largest samples; NaN where rank is 0."""
        return self._total_highest(rank, value_of(self.buckets), self.sum)

    def sum_squares_highest(self, rank: Counts) -> Floats:
        """Return the sum of their squares, each at most twice RELATIVE_ERROR off."""
        return self._total_highest(rank, np.square(value_of(self.buckets)), self.sum_squares)

    def _total_lowest(self, rank: Counts, values: Floats, whole: Floats) -> Floats:
        inside, bins = self._bins_at(rank)
        runs, first = self._runs_before(), self.offsets[:-1][inside]
        part = rank[inside] - (runs[bins] - runs[first])
        total = _sum_between(values * self.counts, first, bins) + part * values[bins]
        return self._laid_out(inside, total, rank, whole)

    def _total_highest(self, rank: Counts, values: Floats, whole: Floats) -> Floats:
        inside, bins = self._bins_at(np.where(rank > 0, self.samples - rank + 1, 0))
        runs, end = self._runs_before(), self.offsets[1:][inside]
        part = rank[inside] - (runs[end] - runs[bins + 1])
        total = _sum_between(values * self.counts, bins + 1, end) + part * values[bins]
        return self._laid_out(inside, total, rank, whole)

    def _laid_out(
        self, inside: NDArray[np.bool_], total: Floats, rank: Counts, whole: Floats
    ) -> Floats:
        result = np.full(self.samples.shape, np.nan)
        result[inside] = total
        return np.where(inside & (rank == self.samples), whole, result)

    def _runs_before(self) -> Counts:
        return np.concatenate([[0], np.cumsum(self.counts)])

    def _bins_at(self, rank: Counts) -> tuple[NDArray[np.bool_], Counts]:
        inside = (rank >= 1) & (rank <= self.samples)
        runs = self._runs_before()
        wanted = runs[self.offsets[:-1][inside]] + rank[inside]
        return inside, np.searchsorted(runs, wanted, side="left") - 1

    def _per_sample(self, total: Floats) -> Floats:
        samples = np.where(self.samples > 0, self.samples, 1)
        return np.where(self.samples > 0, total / samples, np.nan)


def _sum_between(values: Floats, starts: Counts, ends: Counts) -> Floats:
    """Return the sum of values[start:end] for each pair, none touched by what lies outside."""
    pairs = np.column_stack([starts, ends]).ravel()
    sums = np.add.reduceat(np.append(values, 0.0), pairs)[::2]
    return np.where(starts < ends, sums, 0.0)
