"""A classic histogram: for each bound, how many samples were at most that long."""

from collections.abc import Sequence

import numpy as np

from celeryscope.outputs.prometheus.names import MS_A_SECOND
from celeryscope.sketch import Counts, Distributions, Floats
from celeryscope.timerset import TimerSet

# In seconds: from a cache hit to the hour that a report takes.
BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
)
_NANOSECONDS_OF_A_MS = 6


class Bounds:
    """The upper bounds of the buckets, ascending, in seconds."""

    def __init__(self, seconds: Sequence[float]) -> None:
        """Take bounds that are finite.

        Raises:
            ValueError: There are none, or they do not ascend.
        """
        self.seconds = tuple(map(float, seconds))
        if not self.seconds or list(self.seconds) != sorted(set(self.seconds)):
            raise ValueError("allowed is a list of ascending numbers of seconds, as in 0.1, 1, 10")
        # Rounded, since 0.57 * 1000 is less than 570.
        self._ms = np.round(np.array(self.seconds) * MS_A_SECOND, _NANOSECONDS_OF_A_MS)

    def none(self) -> Counts:
        """Return the counts of no samples."""
        return np.zeros(len(self.seconds), dtype=np.int64)

    def count(self, timers: TimerSet) -> Counts:
        """Return how many of each timer's samples, in ms, are at most each bound.

        They are exact where the samples are at hand, else each is taken for what stands for its
        bin, which is at most 1 % off. The shape is (timers, bounds).
        """
        counts = np.empty((len(timers), len(self.seconds)), dtype=np.int64)
        for block in timers.blocks():
            cells = timers.cells.part(block.first, block.end)
            counts[block.first : block.end] = (
                _count_bins(cells, self._ms) if block.rows is None else _count(block.rows, self._ms)
            )
        return counts


def _count(rows: Floats, bounds: Floats) -> Counts:
    return np.column_stack([np.count_nonzero(rows <= bound, axis=1) for bound in bounds])


def _count_bins(cells: Distributions, bounds: Floats) -> Counts:
    values = cells.bin_values()
    below = [np.where(values <= bound, cells.counts, 0) for bound in bounds]
    return np.column_stack([np.add.reduceat(counts, cells.offsets[:-1]) for counts in below])
