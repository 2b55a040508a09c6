"""Functions that pick series by their values."""

import operator
from collections.abc import Callable

import numpy as np

from celeryscope.graphite.aggregates import average, canonical, greatest, percentile, summary
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.functions.order import by_value
from celeryscope.graphite.parameters import AGGREGATE, INTEGER, NUMBER, SERIES, TEXT, Parameter
from celeryscope.graphite.patterns import substituted
from celeryscope.graphite.series import TimeSeries, aligned, stacked
from celeryscope.graphite.target import parse
from celeryscope.sketch import Floats

_SERIES, _LIMIT = Parameter("seriesList", SERIES), Parameter("n", NUMBER)
_PERCENT = 100.0
_HALF = 50.0
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
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
    averages = np.array([average(one.values, 0) for one in series])
    if not series:
        return []
    low, high = _outer(averages, percent)
    return [one for one, mean in zip(series, averages, strict=True) if not low < mean < high]


@function("removeBetweenPercentile", "Filter Series", _SERIES, _LIMIT)
def remove_between_percentile(
    _context: Context, series: list[TimeSeries], percent: float
) -> list[TimeSeries]:
    """Keep the series that are, at any point, none of the middle ones."""
    if not series:
        return []
    rows = stacked(aligned(series))
    low, high = _outer(rows, percent)
    outside = (rows <= low) | (rows >= high)
    return [one for one, row in zip(series, outside, strict=True) if row.any()]


@function("mostDeviant", "Filter Series", _SERIES, Parameter("n", INTEGER))
def most_deviant(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest standard deviation, highest first."""
    known = [one for one in series if not np.isnan(one.values).all()]
    return by_value(known, "stddev", descending=True)[:number]


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
    shares = [float(np.mean(~np.isnan(one.values))) for one in series]
    return [
        one for one, share in zip(series, shares, strict=True) if share > 0 and share >= (xff or 0)
    ]


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
    above = [one.name for one in series if float(greatest(one.values, 0)) > limit]
    names = substituted("useSeriesAbove", search, replacement, above)
    return [one for name in names for one in context.read(parse(name))]


def _filtered(
    series: list[TimeSeries], func: str, comparison: str, limit: float
) -> list[TimeSeries]:
    """Compare an aggregate; a series without values counts as lower than any number."""
    compare, aggregate = _OPERATORS[comparison], canonical(func) or func
    values = (np.nan_to_num(summary(one.values, aggregate), nan=-np.inf) for one in series)
    return [one for one, value in zip(series, values, strict=True) if compare(value, limit)]


def _outer(values: Floats, percent: float) -> tuple[Floats, Floats]:
    high = max(percent, _PERCENT - percent) if percent < _HALF else percent
    return percentile(values, 0, _PERCENT - high), percentile(values, 0, high)
