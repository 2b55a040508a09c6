"""Functions that pick series by their values."""

import operator
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from celeryscope.graphite.aggregates import percentile
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.functions.order import by_value
from celeryscope.graphite.parameters import AGGREGATE, INTEGER, NUMBER, SERIES, TEXT, Parameter
from celeryscope.graphite.patterns import substituted
from celeryscope.graphite.series import TimeSeries, aligned, stacked
from celeryscope.graphite.summaries import reduced, summaries
from celeryscope.graphite.target import parse
from celeryscope.sketch import Floats

_SERIES, _LIMIT = Parameter("seriesList", SERIES), Parameter("n", NUMBER)
_PERCENT = 100.0
_HALF = 50.0
_OPERATORS: dict[str, Callable[[Floats, float], NDArray[np.bool_]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@function(
    "filterSeries",
    "Filter Series",
    _SERIES,
    Parameter("func", AGGREGATE),
    Parameter("operator", TEXT, options=tuple(_OPERATORS)),
    Parameter("threshold", NUMBER),
)
def filter_series(
    _context: Context, series: list[TimeSeries], func: str, comparison: str, threshold: float
) -> list[TimeSeries]:
    """Keep the series of which an aggregate of all values is above, below or equal to a number."""
    return _filtered(series, func, comparison, threshold)


@function("averageAbove", "Filter Series", _SERIES, _LIMIT)
def average_above(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose average is above a number."""
    return _filtered(series, "average", ">", limit)


@function("averageBelow", "Filter Series", _SERIES, _LIMIT)
def average_below(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose average is at most a number."""
    return _filtered(series, "average", "<=", limit)


@function("currentAbove", "Filter Series", _SERIES, _LIMIT)
def current_above(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose last value is above a number."""
    return _filtered(series, "last", ">", limit)


@function("currentBelow", "Filter Series", _SERIES, _LIMIT)
def current_below(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose last value is at most a number."""
    return _filtered(series, "last", "<=", limit)


@function("maximumAbove", "Filter Series", _SERIES, _LIMIT)
def maximum_above(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose highest value is above a number."""
    return _filtered(series, "max", ">", limit)


@function("maximumBelow", "Filter Series", _SERIES, _LIMIT)
def maximum_below(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose highest value is at most a number."""
    return _filtered(series, "max", "<=", limit)


@function("minimumAbove", "Filter Series", _SERIES, _LIMIT)
def minimum_above(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose lowest value is above a number."""
    return _filtered(series, "min", ">", limit)


@function("minimumBelow", "Filter Series", _SERIES, _LIMIT)
def minimum_below(_context: Context, series: list[TimeSeries], limit: float) -> list[TimeSeries]:
    """Keep the series whose lowest value is at most a number."""
    return _filtered(series, "min", "<=", limit)


@function("averageOutsidePercentile", "Filter Series", _SERIES, _LIMIT)
def average_outside_percentile(
    _context: Context, series: list[TimeSeries], percent: float
) -> list[TimeSeries]:
    """Keep the series whose average is none of the middle ones: 95 keeps 5 % at either end."""
    if not series:
        return []
    averages = summaries(series, "average")
    low, high = _outer(averages, percent)
    return _kept(series, ~((low < averages) & (averages < high)))


@function("removeBetweenPercentile", "Filter Series", _SERIES, _LIMIT)
def remove_between_percentile(
    _context: Context, series: list[TimeSeries], percent: float
) -> list[TimeSeries]:
    """Keep the series that are, at any point, none of the middle ones."""
    if not series:
        return []
    rows = stacked(aligned(series))
    low, high = _outer(rows, percent)
    outside: NDArray[np.bool_] = np.any((rows <= low) | (rows >= high), axis=1)
    return _kept(series, outside)


@function("mostDeviant", "Filter Series", _SERIES, Parameter("n", INTEGER))
def most_deviant(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest standard deviation, highest first."""
    known = summaries(series, "count") > 0
    return by_value(_kept(series, known), "stddev", descending=True)[:number]


@function(
    "removeEmptySeries",
    "Filter Series",
    _SERIES,
    Parameter("xFilesFactor", NUMBER, required=False),
)
def remove_empty_series(
    _context: Context, series: list[TimeSeries], xff: float | None
) -> list[TimeSeries]:
    """Keep the series of which any value is known, or at least a share of them."""
    shares = reduced(series, lambda values, axis: np.mean(~np.isnan(values), axis=axis))
    return _kept(series, (shares > 0) & (shares >= (xff or 0.0)))


@function(
    "useSeriesAbove",
    "Filter Series",
    _SERIES,
    Parameter("value", NUMBER),
    Parameter("search", TEXT),
    Parameter("replace", TEXT),
)
def use_series_above(
    context: Context, series: list[TimeSeries], limit: float, search: str, replacement: str
) -> list[TimeSeries]:
    """Show, for each series that goes above a number, another that is named after it."""
    above = _kept(series, summaries(series, "max") > limit)
    own = [one.name for one in above]
    names = substituted("useSeriesAbove", search, replacement, own, context.budget)
    return [one for name in names for one in context.read(parse(name))]


def _filtered(
    series: list[TimeSeries], func: str, comparison: str, limit: float
) -> list[TimeSeries]:
    """Compare an aggregate; a series without values counts as lower than any number."""
    values = np.nan_to_num(summaries(series, func), nan=-np.inf)
    return _kept(series, _OPERATORS[comparison](values, limit))


def _kept(series: list[TimeSeries], kept: NDArray[np.bool_]) -> list[TimeSeries]:
    return [one for one, keep in zip(series, kept.tolist(), strict=True) if keep]


def _outer(values: Floats, percent: float) -> tuple[Floats, Floats]:
    high = max(percent, _PERCENT - percent) if percent < _HALF else percent
    return percentile(values, 0, _PERCENT - high), percentile(values, 0, high)
