"""Functions that order series, and pick the first of them."""

import re

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import AGGREGATE, BOOLEAN, INTEGER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.summaries import summaries

_SERIES, _NUMBER = Parameter("seriesList", SERIES), Parameter("n", INTEGER)
_FUNC = Parameter("func", AGGREGATE, required=False, default="average")
_REVERSE = Parameter("reverse", BOOLEAN, required=False, default=False)
_DIGITS = re.compile(r"\d+")


@function("highest", "Filter Series", _SERIES, _NUMBER, _FUNC)
def highest(
    _context: Context, series: list[TimeSeries], number: int, func: str
) -> list[TimeSeries]:
    """Keep the N series with the highest aggregate of all values, highest first."""
    return by_value(series, func, descending=True)[:number]


@function("highestAverage", "Filter Series", _SERIES, _NUMBER)
def highest_average(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest average, highest first."""
    return by_value(series, "average", descending=True)[:number]


@function("highestMax", "Filter Series", _SERIES, _NUMBER)
def highest_max(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest maximum, highest first."""
    return by_value(series, "max", descending=True)[:number]


@function("highestCurrent", "Filter Series", _SERIES, _NUMBER)
def highest_current(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest last value, highest first."""
    return by_value(series, "last", descending=True)[:number]


@function("lowest", "Filter Series", _SERIES, _NUMBER, _FUNC)
def lowest(_context: Context, series: list[TimeSeries], number: int, func: str) -> list[TimeSeries]:
    """Keep the N series with the lowest aggregate of all values, lowest first."""
    return by_value(series, func)[:number]


@function("lowestAverage", "Filter Series", _SERIES, _NUMBER)
def lowest_average(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the lowest average, lowest first."""
    return by_value(series, "average")[:number]


@function("lowestCurrent", "Filter Series", _SERIES, _NUMBER)
def lowest_current(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the lowest last value, lowest first."""
    return by_value(series, "last")[:number]


@function("limit", "Filter Series", _SERIES, _NUMBER)
def limit(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the first N series."""
    return series[:number]


@function("sortBy", "Sorting", _SERIES, _FUNC, _REVERSE)
def sort_by(
    _context: Context,
    series: list[TimeSeries],
    func: str,
    reverse: bool,
) -> list[TimeSeries]:
    """Order the series by an aggregate of all values, lowest first unless reversed."""
    return by_value(series, func, descending=reverse)


@function("sortByMaxima", "Sorting", _SERIES)
def sort_by_maxima(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Order the series by their maximum, highest first."""
    return by_value(series, "max", descending=True)


@function("sortByMinima", "Sorting", _SERIES)
def sort_by_minima(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Order by their minimum, lowest first, those series that ever are above zero."""
    positive = summaries(series, "max") > 0
    return by_value([one for one, kept in zip(series, positive, strict=True) if kept], "min")


@function("sortByTotal", "Sorting", _SERIES)
def sort_by_total(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Order the series by the sum of their values, highest first."""
    return by_value(series, "sum", descending=True)


@function(
    "sortByName",
    "Sorting",
    _SERIES,
    Parameter("natural", BOOLEAN, required=False, default=False),
    _REVERSE,
)
def sort_by_name(
    _context: Context,
    series: list[TimeSeries],
    natural: bool,
    reverse: bool,
) -> list[TimeSeries]:
    """Order the series by name; if natural, with the numbers in it by their value."""
    return sorted(
        series, key=lambda one: _padded(one.name) if natural else one.name, reverse=reverse
    )


def by_value(series: list[TimeSeries], func: str, *, descending: bool = False) -> list[TimeSeries]:
    """Order by an aggregate of all values; a series without values counts as the lowest."""
    keys = np.nan_to_num(summaries(series, func), nan=-np.inf).tolist()
    order = sorted(range(len(series)), key=keys.__getitem__, reverse=descending)
    return [series[place] for place in order]


def _padded(name: str) -> str:
    return _DIGITS.sub(lambda digits: digits[0].zfill(10), name)
