"""Functions over what changes, or adds up, from one value to the next."""

from collections.abc import Callable

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import INTEGER, INTERVAL_TEXT, NUMBER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries, by_interval, places
from celeryscope.graphite.times import parse_interval
from celeryscope.sketch import Floats

_SERIES = Parameter("seriesList", SERIES)
_MAXIMUM = Parameter("maxValue", NUMBER, required=False)
_MINIMUM = Parameter("minValue", NUMBER, required=False)


@function("derivative", "Transform", _SERIES, raw=True)
def derivative(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Show by how much each value differs from the one before."""
    return _mapped("derivative", series, lambda one: one.values - _before(one.values))


@function("nonNegativeDerivative", "Transform", _SERIES, _MAXIMUM, _MINIMUM, raw=True)
def non_negative_derivative(
    _context: Context, series: list[TimeSeries], highest: float | None, lowest: float | None
) -> list[TimeSeries]:
    """Show by how much a counter grew; null where it was reset, unless its range is known.

    With `maxValue` it wraps from there to `minValue` (or 0), with only `minValue` it starts there
    again; values out of that range are left out.
    """
    return _mapped(
        "nonNegativeDerivative", series, lambda one: _growth(one.values, highest, lowest)
    )


@function("perSecond", "Transform", _SERIES, _MAXIMUM, _MINIMUM, raw=True)
def per_second(
    _context: Context, series: list[TimeSeries], highest: float | None, lowest: float | None
) -> list[TimeSeries]:
    """Show by how much a counter grew each second, with resets as in nonNegativeDerivative."""
    return _mapped(
        "perSecond",
        series,
        lambda one: _growth(one.values, highest, lowest) / one.step,
        method="average",
    )


@function("scaleToSeconds", "Transform", _SERIES, Parameter("seconds", NUMBER), raw=True)
def scale_to_seconds(
    _context: Context, series: list[TimeSeries], seconds: float
) -> list[TimeSeries]:
    """Show each value as it would be for an interval of so many seconds."""
    whole = np.trunc(seconds) + 0.0  # without the sign of a negative zero
    return [
        one.derived(
            f"scaleToSeconds({one.name},{whole:.0f})",
            one.values * (seconds / one.step),
            method="average",
        ).tagged(scaleToSeconds=seconds)
        for one in series
    ]


@function("integral", "Transform", _SERIES, raw=True)
def integral(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Add up the values from the start of the range on."""
    return _mapped(
        "integral",
        series,
        lambda one: np.where(np.isnan(one.values), np.nan, np.nancumsum(one.values)),
        method="last",
    )


@function(
    "integralByInterval", "Transform", _SERIES, Parameter("intervalUnit", INTERVAL_TEXT), raw=True
)
def integral_by_interval(
    context: Context, series: list[TimeSeries], interval: str
) -> list[TimeSeries]:
    """Add up the values, from zero again in each interval after the start of the range."""
    seconds = parse_interval(interval)
    return [
        one.derived(
            f"integralByInterval({one.name},'{interval}')",
            _sums_by_interval(one, context.span.start, seconds),
            method="last",
        ).tagged(integralByInterval=interval)
        for one in series
    ]


@function("delay", "Transform", _SERIES, Parameter("steps", INTEGER), raw=True)
def delay(_context: Context, series: list[TimeSeries], steps: int) -> list[TimeSeries]:
    """Move the values by some steps, later or, if negative, earlier."""
    return [
        one.derived(f"delay({one.name},{steps})", _moved(one.values, steps)).tagged(delay=steps)
        for one in series
    ]


@function("changed", "Special", _SERIES, raw=True)
def changed(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Show 1 where a value differs from the last one known, and 0 elsewhere."""
    return [one.derived(f"changed({one.name})", _changes(one.values)) for one in series]


def _mapped(
    name: str,
    series: list[TimeSeries],
    calculate: Callable[[TimeSeries], Floats],
    **changes: object,
) -> list[TimeSeries]:
    return [
        one.derived(f"{name}({one.name})", calculate(one), **changes).tagged(**{name: 1})
        for one in series
    ]


def _before(values: Floats) -> Floats:
    return _moved(values, 1)


def _moved(values: Floats, steps: int) -> Floats:
    nothing = np.full(min(abs(steps), values.size), np.nan)
    if steps < 0:
        return np.concatenate([values[-steps:], nothing])
    return np.concatenate([nothing, values[: values.size - nothing.size]])


def _growth(values: Floats, highest: float | None, lowest: float | None) -> Floats:
    above = np.inf if highest is None else highest
    below = -np.inf if lowest is None else lowest
    values = np.where((values > above) | (values < below), np.nan, values)
    growth = values - _before(values)
    return np.where(growth < 0, _wrapped(values, growth, highest, lowest), growth)


def _wrapped(values: Floats, growth: Floats, highest: float | None, lowest: float | None) -> Floats:
    if highest is not None:
        return growth + (highest + 1 - (lowest or 0))
    return np.full(values.shape, np.nan) if lowest is None else values - lowest


def _sums_by_interval(series: TimeSeries, origin: int, seconds: int) -> Floats:
    start = series.start - (series.start - origin) % seconds
    row = places(series, start, seconds)
    sums = np.nancumsum(by_interval(series, start, seconds, row.max(initial=-1) + 1), axis=1)
    summed: Floats = sums[row, np.arange(row.size) - np.searchsorted(row, row)]
    return summed


def _changes(values: Floats) -> Floats:
    known = np.flatnonzero(~np.isnan(values))
    changes = np.zeros(values.size)
    changes[known[1:]] = np.diff(values[known]) != 0
    return changes
