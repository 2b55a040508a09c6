"""A timer's statistics under node statsd's names, read from merged distributions.

`count` and `count_ps` honour sample rates; all others are over the samples received. A threshold
P gives `count_P`, `mean_P`, `upper_P`, `sum_P` and `sum_squares_P` over the lowest P %, a negative
one `count_topP`, `mean_topP`, `lower_topP`, `sum_topP` and `sum_squares_topP` over the highest;
`99.9` is written `99_9`.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from celeryscope.sketch import Counts, Distributions, Floats

Reading = Callable[[Distributions, Floats], Floats]
"""Reads one value a cell; takes the seconds in which each cell's interval was listened to."""

_PartReading = Callable[[Distributions, Counts], Floats]
"""Reads one value a cell from so many of its lowest or highest samples."""

DEFAULT_THRESHOLDS: tuple[float, ...] = (50.0, 90.0, 95.0, 99.0)

_THRESHOLD = re.compile(r"(count|mean|upper|lower|sum|sum_squares)_(top)?(\d{1,3}(?:_\d{1,6})?)\Z")
_MAX_PERCENT = 100


def names(thresholds: Iterable[float] = DEFAULT_THRESHOLDS) -> tuple[str, ...]:
    """Return every statistic's name for the thresholds given, in order."""
    return tuple(sorted(readings(thresholds)))


def readings(thresholds: Iterable[float] = DEFAULT_THRESHOLDS) -> dict[str, Reading]:
    """Return how to read every statistic for the thresholds given, by name."""
    derived = {
        f"{part}_{suffix(threshold)}": _of_part(read, threshold)
        for threshold in thresholds
        for part, read in (_TOP if threshold < 0 else _LOWEST).items()
    }
    return _PLAIN | derived


def reading(name: str) -> Reading | None:
    """Return how to read a statistic, whatever its threshold; None if `name` is none."""
    match = _THRESHOLD.match(name)
    if match is None:
        return _PLAIN.get(name)
    part, top, digits = match.groups()
    percent = float(digits.replace("_", "."))
    read = (_TOP if top else _LOWEST).get(part)
    if read is None or not 0 < percent <= _MAX_PERCENT:
        return None
    return _of_part(read, percent)


def digits(number: float) -> str:
    """Return a number as it stands in names: `90`, `99_9`."""
    return f"{number:.6f}".rstrip("0").removesuffix(".").replace(".", "_")


@cache
def suffix(threshold: float) -> str:
    """Return a threshold as it ends names: `90`, `99_9`, `top10`."""
    return f"top{digits(-threshold)}" if threshold < 0 else digits(threshold)


def _of_part(read: _PartReading, percent: float) -> Reading:
    return lambda cells, _seconds: read(cells, cells.rank(percent))


def _count(cells: Distributions, seconds: Floats) -> Floats:
    """Return 0 where the server listened and nothing came."""
    idle = np.where(seconds > 0, 0.0, np.nan)
    return np.where(cells.samples > 0, cells.count, idle)


def _count_ps(cells: Distributions, seconds: Floats) -> Floats:
    return _count(cells, seconds) / np.where(seconds > 0, seconds, np.nan)


def _number(_cells: Distributions, rank: Counts) -> Floats:
    return np.where(rank > 0, rank, np.nan)


_PLAIN: dict[str, Reading] = {
    "count": _count,
    "count_ps": _count_ps,
    "lower": lambda cells, _: cells.min,
    "upper": lambda cells, _: cells.max,
    "sum": lambda cells, _: cells.sum,
    "sum_squares": lambda cells, _: cells.sum_squares,
    "mean": lambda cells, _: cells.mean(),
    "median": lambda cells, _: cells.median(),
    "std": lambda cells, _: cells.std(),
}
_LOWEST: dict[str, _PartReading] = {
    "count": _number,
    "mean": lambda cells, rank: cells.sum_lowest(rank) / _number(cells, rank),
    "upper": lambda cells, rank: cells.value_at(rank),
    "sum": lambda cells, rank: cells.sum_lowest(rank),
    "sum_squares": lambda cells, rank: cells.sum_squares_lowest(rank),
}
_TOP: dict[str, _PartReading] = {
    "count": _number,
    "mean": lambda cells, rank: cells.sum_highest(rank) / _number(cells, rank),
    "lower": lambda cells, rank: cells.value_at(np.where(rank > 0, cells.samples - rank + 1, 0)),
    "sum": lambda cells, rank: cells.sum_highest(rank),
    "sum_squares": lambda cells, rank: cells.sum_squares_highest(rank),
}
