"""Functions that fill what is missing, or leave it out."""

import numpy as np
from numpy.typing import NDArray

from celeryscope.graphite.aggregates import last
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import NUMBER, POINTS_OR_INFINITY, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries, by_interval, enough
from celeryscope.sketch import Floats

_SERIES = Parameter("seriesList", SERIES)
_LIMIT = Parameter("limit", POINTS_OR_INFINITY, required=False, default=np.inf)

_Places = NDArray[np.intp]


@function("keepLastValue", "Transform", _SERIES, _LIMIT, raw=True)
def keep_last_value(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Fill gaps of up to `limit` points with the value before them."""
    return [one.derived(f"keepLastValue({one.name})", _kept(one.values, limit)) for one in series]


@function("interpolate", "Transform", _SERIES, _LIMIT, raw=True)
def interpolate(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Fill gaps of up to `limit` points with a line between the values around them."""
    return [one.derived(f"interpolate({one.name})", _joined(one.values, limit)) for one in series]


@function(
    "transformNull",
    "Transform",
    _SERIES,
    Parameter("default", NUMBER, required=False, default=0),
    Parameter("referenceSeries", SERIES, required=False),
)
def transform_null(
    _context: Context,
    series: list[TimeSeries],
    default: float,
    references: list[TimeSeries] | None,
) -> list[TimeSeries]:
    """Show a number where there is no value, or only where some reference series has one."""
    if not references:
        return [
            one.derived(
                f"transformNull({one.name},{default:g})",
                np.where(np.isnan(one.values), default, one.values),
            ).tagged(transformNull=default)
            for one in series
        ]
    return [_filled_by(one, default, references) for one in series]


@function("compressPeriodicGaps", "Transform", _SERIES, raw=True)
def compress_periodic_gaps(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Lengthen the step of a series that has a value only every few steps.

    How many it is shown by its first values but zero; where they do not show it, nothing changes.
    """
    return [_compressed(one) for one in series]


def _neighbours(values: Floats) -> tuple[_Places, _Places]:
    """Return for each place that of the value at or before it (or -1), and at or after it."""
    places, known = np.arange(values.size), ~np.isnan(values)
    before = np.maximum.accumulate(np.where(known, places, -1))
    after = np.minimum.accumulate(np.where(known, places, values.size)[::-1])[::-1]
    return before, after


def _kept(values: Floats, limit: float) -> Floats:
    before, after = _neighbours(values)
    fill = (before >= 0) & (after - before - 1 <= limit)
    return np.where(fill, values[before], values)


def _joined(values: Floats, limit: float) -> Floats:
    before, after = _neighbours(values)
    length = after - before
    fill = (before >= 0) & (after < values.size) & (length > 0) & (length - 1 <= limit)
    left, right = values[before], values[np.minimum(after, values.size - 1)]
    share = np.arange(values.size) - before
    return np.where(fill, left + share * (right - left) / np.maximum(length, 1), values)


def _filled_by(series: TimeSeries, default: float, references: list[TimeSeries]) -> TimeSeries:
    known = np.any([_known_within(series, one) for one in references], axis=0)
    values = np.where(np.isnan(series.values) & known, default, series.values)
    name = f"transformNull({series.name},{default:g},referenceSeries)"
    return series.derived(name, values).tagged(transformNull=default, referenceSeries=1)


def _known_within(series: TimeSeries, other: TimeSeries) -> NDArray[np.bool_]:
    """Tell for each interval of a series whether another one has a value at that time."""
    counts = np.cumsum(np.concatenate([[0], ~np.isnan(other.values)]))
    starts = series.start - other.start + series.step * np.arange(series.values.size)
    first, end = starts // other.step, -(-(starts + series.step) // other.step)
    last = other.values.size
    known: NDArray[np.bool_] = counts[np.clip(end, 0, last)] > counts[np.clip(first, 0, last)]
    return known


def _compressed(series: TimeSeries) -> TimeSeries:
    named = series.derived(f"compressPeriodicGaps({series.name})", series.values)
    found = _period(series.values)
    if found is None:
        return named
    first, period = found
    start, step = series.start + first * series.step, period * series.step
    rest = TimeSeries("", start, series.step, series.values[first:])
    count = -(-(series.values.size - first) // period)
    laid_out = by_interval(rest, start, step, count)
    values = enough(named, laid_out, step, last(laid_out, 1))
    return named.derived(named.name, values, start=start, step=step)


def _period(values: Floats) -> tuple[int, int] | None:
    """Return the place of the first value, and how many places it is to the next, if regular."""
    shown = np.flatnonzero(np.nan_to_num(values[1:])) + 1
    if not shown[1:].size:
        return None
    first, period = int(shown[0]), int(shown[1] - shown[0])
    third = first + 2 * period
    if period == 1 or third > values.size - 2:
        return None
    alone = np.isnan(values[third - 1]) and np.isnan(values[third + 1])
    return (first, period) if alone and np.nan_to_num(values[third]) else None
