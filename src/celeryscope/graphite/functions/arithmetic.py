"""Functions that calculate with each value on its own."""

from collections.abc import Callable, Sequence

import numpy as np

from celeryscope.graphite.aggregates import greatest, least
from celeryscope.graphite.budget import IN_PYTHON
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import INTEGER, NUMBER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats

_SERIES = Parameter("seriesList", SERIES)
_FACTOR = Parameter("factor", NUMBER)


@function("absolute", "Transform", _SERIES)
def absolute(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Drop the sign of each value."""
    return _mapped("absolute", series, np.abs, absolute=1)


@function("add", "Transform", _SERIES, Parameter("constant", NUMBER))
def add(_context: Context, series: list[TimeSeries], constant: float) -> list[TimeSeries]:
    """Add a number to each value."""
    whole = np.trunc(constant) + 0.0  # without the sign of a negative zero
    return _mapped("add", series, lambda v: v + constant, f",{whole:.0f}", add=constant)


@function("exp", "Transform", _SERIES)
def exp(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Raise e to the power of each value."""
    return _mapped("exp", series, lambda v: finite(np.exp(v)), exp="e")


@function("invert", "Transform", _SERIES)
def invert(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Divide one by each value; null where that is zero."""
    return _mapped("invert", series, lambda v: finite(1 / v), invert=1)


@function("isNonNull", "Transform", _SERIES)
def is_non_null(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Show 1 where there is a value and 0 where there is none."""
    return _mapped("isNonNull", series, lambda v: np.where(np.isnan(v), 0.0, 1.0), isNonNull=1)


@function("log", "Transform", _SERIES, Parameter("base", INTEGER, required=False, default=10))
def log(_context: Context, series: list[TimeSeries], base: int) -> list[TimeSeries]:
    """Take the logarithm of each value to a base; null where it is not positive."""
    if base <= 1:
        raise ArgumentError(f"log: base is {base}; allowed is a whole number from 2 on")
    return _mapped(
        "log", series, lambda v: finite(np.log(v) / np.log(float(base))), f", {base}", log=base
    )


@function("logit", "Transform", _SERIES)
def logit(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Take the log odds of each value; null where it is not between 0 and 1."""
    return _mapped("logit", series, lambda v: finite(np.log(v / (1 - v))), logit="logit")


@function("minMax", "Transform", _SERIES)
def min_max(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Bring the values of each series between 0, its minimum, and 1, its maximum."""
    return _mapped("minMax", series, _between_extremes)


@function("offset", "Transform", _SERIES, _FACTOR)
def offset(_context: Context, series: list[TimeSeries], factor: float) -> list[TimeSeries]:
    """Add a number to each value."""
    return _mapped("offset", series, lambda v: v + factor, f",{factor:g}", offset=factor)


@function("offsetToZero", "Transform", _SERIES)
def offset_to_zero(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Subtract its minimum from each series."""
    return [_from_zero(one) for one in series]


@function("pow", "Transform", _SERIES, _FACTOR)
def power(_context: Context, series: list[TimeSeries], factor: float) -> list[TimeSeries]:
    """Raise each value to a power; null where there is no such power."""
    return _mapped("pow", series, lambda v: _power(v, factor), f",{factor:g}", pow=factor)


@function("round", "Transform", _SERIES, Parameter("precision", INTEGER, required=False, default=0))
def rounded(context: Context, series: list[TimeSeries], precision: int) -> list[TimeSeries]:
    """Round each value to a number of decimals, a half to the even neighbour."""
    context.budget.work(IN_PYTHON * sum(one.values.size for one in series))
    suffix = f",{precision:g}" if precision else ""
    return _mapped("round", series, lambda v: _rounded(v, precision), suffix, round=precision)


@function("scale", "Transform", _SERIES, _FACTOR)
def scale(_context: Context, series: list[TimeSeries], factor: float) -> list[TimeSeries]:
    """Multiply each value by a number."""
    return _mapped("scale", series, lambda v: v * factor, f",{factor:g}", scale=factor)


@function("sigmoid", "Transform", _SERIES)
def sigmoid(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Bring each value between 0 and 1 by the sigmoid function."""
    return _mapped("sigmoid", series, lambda v: 1 / (1 + np.exp(-v)), sigmoid="sigmoid")


@function("squareRoot", "Transform", _SERIES)
def square_root(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Take the square root of each value; null where it is negative."""
    return _mapped("squareRoot", series, np.sqrt, squareRoot=1)


def finite(values: Floats) -> Floats:
    """Return the values with NaN where a calculation had no finite result."""
    return np.where(np.isfinite(values), values, np.nan)


def _mapped(
    name: str,
    series: Sequence[TimeSeries],
    calculate: Callable[[Floats], Floats],
    suffix: str = "",
    **tags: object,
) -> list[TimeSeries]:
    return [_derived(name, one, calculate(one.values), suffix).tagged(**tags) for one in series]


def _derived(name: str, series: TimeSeries, values: Floats, suffix: str = "") -> TimeSeries:
    return series.derived(f"{name}({series.name}{suffix})", values)


def _from_zero(series: TimeSeries) -> TimeSeries:
    low = float(least(series.values, 0))
    shown = None if np.isnan(low) else low
    return _derived("offsetToZero", series, series.values - low).tagged(offsetToZero=shown)


def _power(values: Floats, exponent: float) -> Floats:
    return np.where(np.isnan(values), np.nan, finite(np.power(values, exponent)))


def _between_extremes(values: Floats) -> Floats:
    low, high = least(values, 0), greatest(values, 0)
    return np.where(low == high, values - low, (values - low) / (high - low))


def _rounded(values: Floats, precision: int) -> Floats:
    """Round decimally: NumPy scales by powers of ten, and so rounds some halves wrongly."""
    return np.array([round(value, precision) for value in values.tolist()], dtype=np.float64)
