"""Functions that take values out of series, or series out of a list by name."""

from typing import cast

import numpy as np

from celeryscope.graphite.aggregates import percentile
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.functions.combine import Lists
from celeryscope.graphite.parameters import NUMBER, SERIES, TEXT, Parameter
from celeryscope.graphite.patterns import found
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.summaries import reduced

_SERIES, _LIMIT = Parameter("seriesList", SERIES), Parameter("n", NUMBER)
_PATTERN = Parameter("pattern", TEXT)


@function("removeAboveValue", "Filter Data", _SERIES, _LIMIT)
def remove_above_value(
    _context: Context, series: list[TimeSeries], limit: float
) -> list[TimeSeries]:
    """Make null what is above a number."""
    return [_without_above("removeAboveValue", one, limit, limit) for one in series]


@function("removeBelowValue", "Filter Data", _SERIES, _LIMIT)
def remove_below_value(
    _context: Context, series: list[TimeSeries], limit: float
) -> list[TimeSeries]:
    """Make null what is below a number."""
    return [_without_below("removeBelowValue", one, limit, limit) for one in series]


@function("removeAbovePercentile", "Filter Data", _SERIES, _LIMIT)
def remove_above_percentile(
    _context: Context, series: list[TimeSeries], percent: float
) -> list[TimeSeries]:
    """Make null what is above a percentile of the series' own values."""
    limits = _percentiles(series, percent)
    return [
        _tagged(_without_above("removeAbovePercentile", one, percent, limit), percent, limit)
        for one, limit in zip(series, limits, strict=True)
    ]


@function("removeBelowPercentile", "Filter Data", _SERIES, _LIMIT)
def remove_below_percentile(
    _context: Context, series: list[TimeSeries], percent: float
) -> list[TimeSeries]:
    """Make null what is below a percentile of the series' own values."""
    limits = _percentiles(series, percent)
    return [
        _tagged(_without_below("removeBelowPercentile", one, percent, limit), percent, limit)
        for one, limit in zip(series, limits, strict=True)
    ]


@function("grep", "Filter Series", _SERIES, _PATTERN)
def grep(context: Context, series: list[TimeSeries], pattern: str) -> list[TimeSeries]:
    """Keep the series in whose names a regular expression finds something."""
    kept = found("grep", pattern, [one.name for one in series], context.budget)
    return [one for one, keep in zip(series, kept, strict=True) if keep]


@function("exclude", "Filter Series", _SERIES, _PATTERN)
def exclude(context: Context, series: list[TimeSeries], pattern: str) -> list[TimeSeries]:
    """Leave out the series in whose names a regular expression finds something."""
    dropped = found("exclude", pattern, [one.name for one in series], context.budget)
    return [one for one, drop in zip(series, dropped, strict=True) if not drop]


@function("unique", "Filter Series", Parameter("seriesLists", SERIES, multiple=True))
def unique(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Keep the first of all series that have the same name."""
    first = {one.name: one for part in reversed(list(lists)) for one in reversed(part)}
    return [first[name] for name in dict.fromkeys(one.name for part in lists for one in part)]


def _without_above(function: str, series: TimeSeries, shown: float, limit: float) -> TimeSeries:
    values = np.where(series.values > limit, np.nan, series.values)
    return series.derived(f"{function}({series.name}, {shown:g})", values)


def _without_below(function: str, series: TimeSeries, shown: float, limit: float) -> TimeSeries:
    values = np.where(series.values < limit, np.nan, series.values)
    return series.derived(f"{function}({series.name}, {shown:g})", values)


def _percentiles(series: list[TimeSeries], percent: float) -> list[float]:
    found = reduced(series, lambda values, axis: percentile(values, axis, percent))
    return cast("list[float]", found.tolist())


def _tagged(series: TimeSeries, percent: float, limit: float) -> TimeSeries:
    return series if np.isnan(limit) else series.tagged(nPercentile=percent)
