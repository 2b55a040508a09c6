"""Aggregates of a window that moves over values."""

from bisect import bisect_left, insort
from collections.abc import Callable
from math import isnan, nan

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, Aggregate
from celeryscope.graphite.budget import Budget
from celeryscope.sketch import Floats

_AT_ONCE = 1 << 20  # values: what is laid out for those aggregates that need it
_LONG = 100  # windows whose values are faster kept in order than sorted again and again
_MOVED_IN_A_STEP = 100  # values of an ordered list that make room for one in between


def rolled(values: Floats, size: int, aggregate: str, budget: Budget, share: float = 0.0) -> Floats:
    """Aggregate, for each place, the known ones of the `size` values that end there.

    Places before the first see fewer values; a window of which none is known gives NaN, and so
    does one of which less than `share` is.

    Raises:
        LimitError: It is more work than is left of the budget.
    """
    counts = known(values, size)
    moved = _moved(values, size, aggregate, counts, budget)
    return np.where(counts >= max(share * size, 1), moved, np.nan)


def _moved(values: Floats, size: int, aggregate: str, counts: Floats, budget: Budget) -> Floats:
    if aggregate in _FAST:
        return _FAST[aggregate](values, size, counts)
    if aggregate == "median" and size > _LONG:
        return _medians(values, size, budget)
    return _laid_out(values, size, AGGREGATES[aggregate], budget)


def known(values: Floats, size: int) -> Floats:
    """Return for each place how many of the `size` values that end there are known."""
    missing = np.isnan(values)
    if not missing.any():
        counts: Floats = np.minimum(np.arange(1.0, values.size + 1), size)
        return counts
    return _swept(np.where(missing, 0.0, 1.0), size, np.add, 0.0)


def _total(values: Floats, size: int, _counts: Floats) -> Floats:
    return _swept(np.where(np.isnan(values), 0.0, values), size, np.add, 0.0)


def _mean(values: Floats, size: int, counts: Floats) -> Floats:
    return _total(values, size, counts) / np.maximum(counts, 1)


def _least(values: Floats, size: int, _counts: Floats) -> Floats:
    return _swept(values, size, np.fmin, np.nan)


def _greatest(values: Floats, size: int, _counts: Floats) -> Floats:
    return _swept(values, size, np.fmax, np.nan)


def _product(values: Floats, size: int, _counts: Floats) -> Floats:
    return _swept(np.where(np.isnan(values), 1.0, values), size, np.multiply, 1.0)


def _spread(values: Floats, size: int, counts: Floats) -> Floats:
    return _greatest(values, size, counts) - _least(values, size, counts)


def _number(_values: Floats, _size: int, counts: Floats) -> Floats:
    return counts


def _swept(values: Floats, size: int, merge: np.ufunc, nothing: float) -> Floats:
    """Merge `size` values at a time in two sweeps, exactly: nothing is ever taken back out.

    The values are cut into blocks of `size`. A window is the end of one block and the start of
    the next; both are running merges, one from each side.
    """
    size = min(size, values.size)
    tail = -(values.size - 1) % size
    padded = np.concatenate([np.full(size - 1, nothing), values, np.full(tail, nothing)])
    padded = padded[: padded.size // size * size]
    blocks = padded.reshape(-1, size)
    ends = merge.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].ravel()[: values.size]
    starts = merge.accumulate(blocks, axis=1)
    starts = np.where(np.arange(size) == size - 1, nothing, starts).ravel()
    merged: Floats = merge(ends, starts[size - 1 : size - 1 + values.size])
    return merged


def _medians(values: Floats, size: int, budget: Budget) -> Floats:
    """Keep the window's known values in order: one comes, one goes, and the middle is seen."""
    budget.work(min(size, values.size) * values.size // _MOVED_IN_A_STEP)
    coming: list[float] = values.tolist()
    going = [nan] * min(size, values.size) + coming
    ordered: list[float] = []
    medians: list[float] = []
    for part in budget.parts(list(zip(coming, going, strict=False))):
        for value, gone in part:
            if not isnan(gone):
                del ordered[bisect_left(ordered, gone)]
            if not isnan(value):
                insort(ordered, value)
            low, high = (len(ordered) - 1) // 2, len(ordered) // 2
            medians.append((ordered[low] + ordered[high]) / 2 if ordered else nan)
    return np.array(medians)


def _laid_out(values: Floats, size: int, aggregate: Aggregate, budget: Budget) -> Floats:
    size = min(size, values.size)
    budget.work(size * values.size)
    padded = np.concatenate([np.full(size - 1, np.nan), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)
    rows = max(_AT_ONCE // size, 1)
    parts = []
    for first in range(0, values.size, rows):
        budget.check()
        parts.append(aggregate(windows[first : first + rows], 1))
    return np.concatenate(parts)


_FAST: dict[str, Callable[[Floats, int, Floats], Floats]] = {
    "sum": _total,
    "average": _mean,
    "avg_zero": _mean,
    "min": _least,
    "max": _greatest,
    "count": _number,
    "range": _spread,
    "multiply": _product,
}
