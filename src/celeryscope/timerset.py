"""All timers of one interval side by side, summarised in bulk.

Timers with equally many samples are the rows of a matrix, so that what is made for each timer is
made for thousands at a time. Of n samples altogether there are at most sqrt(2 n) such matrices.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np

from celeryscope.sketch import Buckets, Counts, Distribution, Distributions, Floats, bucket_of


@dataclass(frozen=True, slots=True)
class Block:
    """The cells from `first` up to but not with `end`, which have equally many samples.

    Each row of `rows` has a cell's samples, ascending; it is None where they are not at hand.
    """

    first: int
    end: int
    rows: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class TimerSet(Mapping[str, Distribution]):
    """Timers' distributions by name, those with equally many samples at hand beside each other.

    `places` has each timer's cell. `samples` has those of all cells end to end, those of cell
    i from `starts[i]` to `starts[i + 1]`; it is empty where they are not at hand.
    """

    places: Mapping[str, int]
    cells: Distributions
    samples: Floats
    starts: Counts

    @classmethod
    def of_samples(
        cls, names: Sequence[str], samples: Sequence["array[float]"], counts: Sequence[float]
    ) -> Self:
        """Summarise timers with at least one sample each, none negative; see `Distribution`."""
        sizes = np.fromiter(map(len, samples), np.int64, len(samples))
        order = np.argsort(sizes, kind="stable")
        sizes = sizes[order]
        values = np.frombuffer(bytearray().join([samples[i] for i in order.tolist()]))
        starts = _starts(sizes)
        sums, squares = np.empty(len(names)), np.empty(len(names))
        for first, end in _equal(sizes):
            rows = values[starts[first] : starts[end]].reshape(end - first, -1)
            rows.sort(axis=1)
            sums[first:end] = rows.sum(axis=1)
            squares[first:end] = np.square(rows).sum(axis=1)
        buckets, runs, offsets = _histograms(values, starts)
        return cls(
            places={names[i]: place for place, i in enumerate(order.tolist())},
            cells=Distributions(
                count=np.array(counts, dtype=np.float64)[order],
                samples=sizes,
                sum=sums,
                sum_squares=squares,
                min=values[starts[:-1]],
                max=values[starts[1:] - 1],
                offsets=offsets,
                buckets=buckets,
                counts=runs,
            ),
            samples=values,
            starts=starts,
        )

    @classmethod
    def of(cls, timers: Mapping[str, Distribution]) -> Self:
        """Return timers side by side, which they may be already."""
        if isinstance(timers, cls):
            return timers
        ordered = sorted(timers.items(), key=lambda timer: _at_hand(timer[1]).size)
        parts = [timer for _, timer in ordered]
        return cls(
            places={name: place for place, (name, _) in enumerate(ordered)},
            cells=Distributions.of(parts),
            samples=np.concatenate([np.empty(0), *map(_at_hand, parts)]),
            starts=_starts(np.array([_at_hand(part).size for part in parts], dtype=np.int64)),
        )

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __getitem__(self, name: str) -> Distribution:
        i, cells = self.places[name], self.cells
        bins = slice(cells.offsets[i], cells.offsets[i + 1])
        values = self.samples[self.starts[i] : self.starts[i + 1]]
        return Distribution(
            count=float(cells.count[i]),
            samples=int(cells.samples[i]),
            sum=float(cells.sum[i]),
            sum_squares=float(cells.sum_squares[i]),
            min=float(cells.min[i]),
            max=float(cells.max[i]),
            buckets=cells.buckets[bins],
            counts=cells.counts[bins],
            values=values if values.size else None,
        )

    def summary(self) -> Self:
        """Return them without the samples themselves."""
        return replace(self, samples=np.empty(0), starts=np.zeros_like(self.starts))

    def blocks(self) -> Iterator[Block]:
        """Yield all cells, in their order."""
        for first, end in _equal(np.diff(self.starts)):
            rows = self.samples[self.starts[first] : self.starts[end]]
            yield Block(first, end, rows.reshape(end - first, -1) if rows.size else None)


def _at_hand(timer: Distribution) -> Floats:
    return np.empty(0) if timer.values is None else timer.values


def _starts(sizes: Counts) -> Counts:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def _equal(sizes: Counts) -> Iterator[tuple[int, int]]:
    """Yield the bounds of each run of equal sizes."""
    changes = np.flatnonzero(np.diff(sizes)) + 1
    yield from pairwise([0, *changes.tolist(), sizes.size] if sizes.size else [])


def _histograms(values: Floats, starts: Counts) -> tuple[Buckets, Counts, Counts]:
    """Return the buckets of all cells, how many values each holds, and where each cell begins."""
    every = bucket_of(values)
    begins = np.empty(every.shape, dtype=np.bool_)
    begins[1:] = every[1:] != every[:-1]
    begins[starts[:-1]] = True
    firsts = np.flatnonzero(begins)
    return every[firsts], np.diff(firsts, append=values.size), np.searchsorted(firsts, starts)
