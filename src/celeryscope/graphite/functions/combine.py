"""Functions that make one series of many, point by point, by an aggregate."""

from collections.abc import Iterable, Sequence

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, canonical
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.naming import expressions
from celeryscope.graphite.parameters import AGGREGATE, NODE, NUMBER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries, aligned, stacked

_SERIES = Parameter("seriesList", SERIES)
_LISTS = Parameter("seriesLists", SERIES, multiple=True)
_FUNC = Parameter("func", AGGREGATE)
_POSITIONS = Parameter("position", NODE, required=False, multiple=True)

Lists = Iterable[Sequence[TimeSeries]]


@function("aggregate", "Combine", _SERIES, _FUNC, Parameter("xFilesFactor", NUMBER, required=False))
def aggregate(
    _context: Context, series: list[TimeSeries], func: str, xff: float | None
) -> list[TimeSeries]:
    """Combine all series by an aggregate; null where too small a share of them is known."""
    return [combined(series, func, xff)] if series else []


@function("sumSeries", "Combine", _LISTS, aliases=("sum",))
def sum_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Add all series; where some are null, add the others."""
    return _combined(lists, "sum")


@function("averageSeries", "Combine", _LISTS, aliases=("avg",))
def average_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Average all series that are not null."""
    return _combined(lists, "average")


@function("minSeries", "Combine", _LISTS)
def min_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Keep the lowest value of all series."""
    return _combined(lists, "min")


@function("maxSeries", "Combine", _LISTS)
def max_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Keep the highest value of all series."""
    return _combined(lists, "max")


@function("rangeOfSeries", "Combine", _LISTS)
def range_of_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Show how far apart the highest and the lowest value of all series are."""
    return _combined(lists, "rangeOf")


@function("stddevSeries", "Combine", _LISTS)
def stddev_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Show the standard deviation of all series."""
    return _combined(lists, "stddev")


@function("diffSeries", "Combine", _LISTS)
def diff_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Subtract all others from the first series; where some are null, from the first known."""
    return _combined(lists, "diff")


@function("multiplySeries", "Combine", _LISTS)
def multiply_series(_context: Context, lists: Sequence[list[TimeSeries]]) -> list[TimeSeries]:
    """Multiply all series; null where any is. A single one stays as it is."""
    alone = [len(part) for part in lists] == [1]
    return lists[0] if alone else _combined(lists, "multiply")


@function(
    "aggregateWithWildcards",
    "Combine",
    _SERIES,
    _FUNC,
    Parameter("position", NODE, required=False, multiple=True),
)
def aggregate_with_wildcards(
    _context: Context, series: list[TimeSeries], func: str, positions: list[int]
) -> list[TimeSeries]:
    """Combine by an aggregate the series whose names differ only in some nodes."""
    return _without_nodes(series, func, positions)


@function("sumSeriesWithWildcards", "Combine", _SERIES, _POSITIONS)
def sum_series_with_wildcards(
    _context: Context, series: list[TimeSeries], positions: list[int]
) -> list[TimeSeries]:
    """Add the series whose names differ only in some nodes."""
    return _without_nodes(series, "sum", positions)


@function("averageSeriesWithWildcards", "Combine", _SERIES, _POSITIONS)
def average_series_with_wildcards(
    _context: Context, series: list[TimeSeries], positions: list[int]
) -> list[TimeSeries]:
    """Average the series whose names differ only in some nodes."""
    return _without_nodes(series, "average", positions)


@function("multiplySeriesWithWildcards", "Combine", _SERIES, _POSITIONS)
def multiply_series_with_wildcards(
    _context: Context, series: list[TimeSeries], positions: list[int]
) -> list[TimeSeries]:
    """Multiply the series whose names differ only in some nodes."""
    return _without_nodes(series, "multiply", positions)


def combined(series: Sequence[TimeSeries], aggregate: str, xff: float | None = None) -> TimeSeries:
    """Aggregate at least one series into one, on a grid that all of them fit on.

    It is NaN where a smaller share of them than `xff` is known, which is else the strictest of
    their own.
    """
    spelled = aggregate.removesuffix("Series")
    name = f"{spelled}Series({expressions(series)})"
    fitted = aligned(series)
    rows = stacked(fitted)
    values = AGGREGATES[canonical(aggregate) or aggregate](rows, 0)
    strictest = max(one.xff for one in series)
    if share := strictest if xff is None else xff:
        values = np.where(np.mean(~np.isnan(rows), axis=0) < share, np.nan, values)
    tags = {"name": name} | _shared_tags(series) | {"aggregatedBy": spelled}
    return fitted[0].derived(name, values, method=_shared_method(series), tags=tags, xff=strictest)


def _combined(lists: Lists, aggregate: str) -> list[TimeSeries]:
    series = [one for part in lists for one in part]
    return [combined(series, aggregate)] if series else []


def _without_nodes(
    series: Sequence[TimeSeries], aggregate: str, positions: Sequence[int]
) -> list[TimeSeries]:
    groups: dict[str, list[TimeSeries]] = {}
    for one in series:
        kept = (n for place, n in enumerate(one.name.split(".")) if place not in positions)
        groups.setdefault(".".join(kept), []).append(one)
    return [combined(group, aggregate).named(key) for key, group in groups.items()]


def _shared_tags(series: Sequence[TimeSeries]) -> dict[str, str]:
    shared = set.intersection(*(set(one.tags.items()) for one in series))
    return {tag: value for tag, value in series[0].tags.items() if (tag, value) in shared}


def _shared_method(series: Sequence[TimeSeries]) -> str:
    methods = {one.method for one in series}
    return methods.pop() if len(methods) == 1 else "average"
