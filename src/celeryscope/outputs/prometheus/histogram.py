"""A classic histogram: for each bound, how many samples were at most that long."""

from collections.abc import Sequence

import numpy as np

from celeryscope.outputs.prometheus.names import MS_A_SECOND
from celeryscope.sketch import Counts, Distribution, Floats, value_of

# In seconds: from a cache hit to the hour that a report takes.
BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
)
_NANOSECONDS_OF_A_MS = 6


class Bounds:
    """The upper bounds of the buckets, ascending, in seconds."""

    def __init__(self, seconds: Sequence[float] = BUCKETS) -> None:
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

    def count(self, timer: Distribution) -> Counts:
        """Return how many of a timer's samples, in ms, are at most each bound.

        They are exact where the samples are at hand, else each is taken for what stands for its
        bin, which is at most 1 % off.
        """
        if timer.values is not None:
            return np.searchsorted(timer.values, self._ms, side="right")
        values: Floats = np.clip(value_of(timer.buckets), timer.min, timer.max)
        runs = np.concatenate([[0], np.cumsum(timer.counts)])
        return runs[np.searchsorted(values, self._ms, side="right")]
