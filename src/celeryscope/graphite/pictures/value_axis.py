"""What a value axis reaches over, where its marks are and what they say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isclose, log10

import numpy as np

from celeryscope.graphite.units import UNIT_SYSTEMS
from celeryscope.sketch import Floats

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_HEADROOM = 0.05
_FLATTEST = 1e-12
"""An axis that reaches over a smaller share of its values has no room for digits."""
_TOUCHING = 1e-6
_MOST_DECIMALS = 12
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-3, 1e8


@dataclass(frozen=True, slots=True)
class Range:
    """What an axis reaches over, `low` below `high`."""

    low: float
    high: float


def value_range(
    drawn: Iterable[Floats], low: float | None = None, high: float | None = None
) -> Range:
    """Return a range that holds all finite values, or what of it `low` and `high` leave.

    It starts at zero if the values come near to that.
    """
    finite = [values[np.isfinite(values)] for values in drawn]
    known = np.concatenate([*finite, np.zeros(0)])
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    margin = (most - least or abs(most) or 1.0) * _HEADROOM
    if low is None:
        low = 0.0 if 0 <= least <= most / 2 else least - margin
    if high is None:
        high = 0.0 if 0 >= most >= least / 2 and least else most + margin
    smallest = max(abs(low), abs(high)) * _FLATTEST
    return Range(low, high) if high - low > smallest else Range(low, low + (abs(low) or 1.0))


def value_marks(over: Range, most: int, system: str) -> list[tuple[float, str]]:
    """Return at most about `most` round values in a range, each with its label.

    All of them have the same prefix of a unit `system`.
    """
    prefix, unit = _prefix(max(abs(over.low), abs(over.high)), system)
    low, high = over.low / unit, over.high / unit
    step = _round_step((high - low) / most)
    first, last = ceil(low / step - _TOUCHING), floor(high / step + _TOUCHING)
    values = [number * step for number in range(first, last + 1)]
    return list(zip((v * unit for v in values), _labels(values, step, prefix), strict=True))


def _prefix(largest: float, system: str) -> tuple[str, float]:
    prefixes = UNIT_SYSTEMS.get(system, ())
    return next(((name, size) for name, size in prefixes if largest >= size), ("", 1.0))


def _round_step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next((one * power for one in _ROUND if one * power >= least), 10 * power)


def _labels(values: Sequence[float], step: float, prefix: str) -> list[str]:
    largest = max(map(abs, values), default=0.0)
    if not _SMALLEST_PLAIN <= largest < _LARGEST_PLAIN:
        return [f"{value:.4g}{prefix}" for value in values]
    fits = (d for d in range(_MOST_DECIMALS) if isclose(round(step, d), step, rel_tol=1e-6))
    decimals = next(fits, _MOST_DECIMALS)
    return [f"{value + 0.0:.{decimals}f}{prefix if value else ''}" for value in values]
