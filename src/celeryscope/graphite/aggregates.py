"""Many values into one, along an axis: NaN is skipped, and all NaN gives NaN."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from celeryscope.sketch import Floats

Aggregate = Callable[[Floats, int], Floats]


def number(values: Floats, axis: int) -> Floats:
    known = np.count_nonzero(~np.isnan(values), axis=axis).astype(np.float64)
    return np.where(known > 0, known, np.nan)


def total(values: Floats, axis: int) -> Floats:
    return _summed(values, axis)[0]


def average(values: Floats, axis: int) -> Floats:
    sums, known = _summed(values, axis)
    return sums / known


def least(values: Floats, axis: int) -> Floats:
    lowest: Floats = np.fmin.reduce(values, axis=axis, initial=np.nan)
    return lowest


def greatest(values: Floats, axis: int) -> Floats:
    highest: Floats = np.fmax.reduce(values, axis=axis, initial=np.nan)
    return highest


def first(values: Floats, axis: int) -> Floats:
    return _at(values, np.argmin(np.isnan(values), axis=axis), axis)


def last(values: Floats, axis: int) -> Floats:
    return first(np.flip(values, axis), axis)


def _summed(values: Floats, axis: int) -> tuple[Floats, Floats]:
    """Return sums and how many values each is of; most often none is missing, which is quick."""
    sums: Floats = np.sum(values, axis=axis)
    size = values.shape[axis]
    if size and not np.isnan(sums).any():
        return sums, np.full_like(sums, size)
    known = number(values, axis)
    return np.where(np.isnan(known), np.nan, np.nansum(values, axis=axis)), known


def _median(values: Floats, axis: int) -> Floats:
    ordered = np.sort(values, axis=axis)
    known = np.nan_to_num(number(values, axis), nan=1.0).astype(np.intp)
    return (_at(ordered, (known - 1) // 2, axis) + _at(ordered, known // 2, axis)) / 2


def _spread(values: Floats, axis: int) -> Floats:
    return greatest(values, axis) - least(values, axis)


def _difference(values: Floats, axis: int) -> Floats:
    return 2 * first(values, axis) - total(values, axis)


def _deviation(values: Floats, axis: int) -> Floats:
    centred = values - np.expand_dims(average(values, axis), axis)
    return np.sqrt(average(np.square(centred), axis))


def _product(values: Floats, axis: int) -> Floats:
    """Return NaN where any is missing, as graphite-web does."""
    product: Floats = np.prod(values, axis=axis)
    return product


def _average_with_zeros(values: Floats, axis: int) -> Floats:
    return total(values, axis) / np.size(values, axis)


def _at(values: Floats, index: NDArray[np.intp], axis: int) -> Floats:
    picked: Floats = np.take_along_axis(values, np.expand_dims(index, axis), axis)
    return picked.squeeze(axis)


def percentile(values: Floats, axis: int, percent: float, *, interpolate: bool = False) -> Floats:
    """Return the value at a rank of `percent` (0 to 100) of those known, one past the last.

    A rank between two values takes the higher, or what lies as far between them.
    """
    ordered = np.sort(values, axis=axis)
    known = np.nan_to_num(number(values, axis), nan=1.0).astype(np.intp)
    rank = percent / 100 * (known + 1)
    low, high = (
        _at(ordered, np.clip(whole.astype(np.intp) - 1, 0, known - 1), axis)
        for whole in (np.floor(rank), np.ceil(rank))
    )
    return low + (rank - np.floor(rank)) * (high - low) if interpolate else high


CONSOLIDATIONS: dict[str, Aggregate] = {
    "sum": total,
    "average": average,
    "avg_zero": _average_with_zeros,
    "min": least,
    "max": greatest,
    "first": first,
    "last": last,
}

AGGREGATES: dict[str, Aggregate] = {
    "average": average,
    "avg_zero": _average_with_zeros,
    "median": _median,
    "sum": total,
    "min": least,
    "max": greatest,
    "diff": _difference,
    "stddev": _deviation,
    "count": number,
    "range": _spread,
    "multiply": _product,
    "last": last,
}

_ALIASES = {"avg": "average", "rangeOf": "range", "total": "sum", "current": "last"}
AGGREGATE_NAMES = (*AGGREGATES, *_ALIASES)


def canonical(name: str) -> str | None:
    """Return an aggregate's own name for one of its spellings (`avg`, `sumSeries`)."""
    name = name.removesuffix("Series")
    name = _ALIASES.get(name, name)
    return name if name in AGGREGATES else None
