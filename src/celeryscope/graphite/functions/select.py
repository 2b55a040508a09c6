"""Functions that pick and order series."""

import numpy as np

from celeryscope.graphite.aggregates import Aggregate, greatest, last
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import INTEGER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries

_SERIES, _NUMBER = Parameter("seriesList", SERIES), Parameter("n", INTEGER)


@function("highestMax", "Filter Series", _SERIES, _NUMBER)
def highest_max(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest maximum, highest first."""
    return _descending(series, greatest)[:number]


@function("highestCurrent", "Filter Series", _SERIES, _NUMBER)
def highest_current(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the N series with the highest last value, highest first."""
    return _descending(series, last)[:number]


@function("sortByMaxima", "Sorting", _SERIES)
def sort_by_maxima(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Order the series by their maximum, highest first."""
    return _descending(series, greatest)


@function("limit", "Filter Series", _SERIES, _NUMBER)
def limit(_context: Context, series: list[TimeSeries], number: int) -> list[TimeSeries]:
    """Keep the first N series."""
    return series[:number]


def _descending(series: list[TimeSeries], key: Aggregate) -> list[TimeSeries]:
    """Order by one number a series; those without any come last."""
    keys = [np.nan_to_num(float(key(one.values, 0)), nan=-np.inf) for one in series]
    order = sorted(range(len(series)), key=keys.__getitem__, reverse=True)
    return [series[place] for place in order]
