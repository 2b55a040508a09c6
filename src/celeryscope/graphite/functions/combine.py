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
    context: Context, series: list[TimeSeries], func: str, xff: float | None
) -> list[TimeSeries]:
    """Combine all series by an aggregate; null where too small a share of them is known."""
    return _combined(context, [series], func, xff)


@function("sumSeries", "Combine", _LISTS, aliases=("sum",))
def sum_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Add all series; where some are null, add the others."""
    return _combined(context, lists, "sum")


@function("averageSeries", "Combine", _LISTS, aliases=("avg",))
def average_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Average all series that are not null."""
    return _combined(context, lists, "average")


@function("minSeries", "Combine", _LISTS)
def min_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Keep the lowest value of all series."""
    return _combined(context, lists, "min")


@function("maxSeries", "Combine", _LISTS)
def max_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Keep the highest value of all series."""
    return _combined(context, lists, "max")


@function("rangeOfSeries", "Combine", _LISTS)
def range_of_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Show how far apart the highest and the lowest value of all series are."""
    return _combined(context, lists, "rangeOf")


@function("stddevSeries", "Combine", _LISTS)
def stddev_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Show the standard deviation of all series."""
    return _combined(context, lists, "stddev")


@function("diffSeries", "Combine", _LISTS)
def diff_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Subtract all others from the first series; where some are null, from the first known."""
    return _combined(context, lists, "diff")


@function("multiplySeries", "Combine", _LISTS)
def multiply_series(context: Context, lists: Lists) -> list[TimeSeries]:
    """Multiply all series; null where any is. A single one stays as it is."""
    series = [one for part in lists for one in part]
    return series if len(series) == 1 else _combined(context, [series], "multiply")


@function(
    "aggregateWithWildcards",
    "Combine",
    _SERIES,
    _FUNC,
    Parameter("position", NODE, required=False, multiple=True),
)
def aggregate_with_wildcards(
    context: Context, series: list[TimeSeries], func: str, positions: list[int]
) -> list[TimeSeries]:
    """Combine by an aggregate the series whose names differ only in some nodes."""
    return _without_nodes(context, series, func, positions)


@function("sumSeriesWithWildcards", "Combine", _SERIES, _POSITIONS)
def sum_series_with_wildcards(
    context: Context, series: list[TimeSeries], positions: list[int]
) -> list[TimeSeries]:
    """Add the series whose names differ only in some nodes."""
    return _without_nodes(context, series, "sum", positions)


@function("averageSeriesWithWildcards", "Combine", _SERIES, _POSITIONS)
def average_series_with_wildcards(
    context: Context, series: list[TimeSeries], positions: list[int]
) -> list[TimeSeries]:
    """Average the series whose names differ only in some nodes."""
    return _without_nodes(context, series, "average", positions)


@function("multiplySeriesWithWildcards", "Combine", _SERIES, _POSITIONS)
def multiply_series_with_wildcards(
    context: Context, series: list[TimeSeries], positions: list[int]
) -> list[TimeSeries]:
    """Multiply the series whose names differ only in some nodes."""
    return _without_nodes(context, series, "multiply", positions)


def combined(series: Sequence[TimeSeries], aggregate: str, xff: float = 0.0) -> TimeSeries:
    """Aggregate at least one series into one, on a grid that all of them fit on.

    It is NaN where a smaller share of them than `xff` is known.
    """
    spelled = aggregate.removesuffix("Series")
    name = f"{spelled}Series({expressions(series)})"
    fitted = aligned(series)
    rows = stacked(fitted)
    values = AGGREGATES[canonical(aggregate) or aggregate](rows, 0)
    if xff:
        values = np.where(np.mean(~np.isnan(rows), axis=0) < xff, np.nan, values)
    tags = {"name": name} | _shared_tags(series) | {"aggregatedBy": spelled}
    return fitted[0].derived(name, values, method=_shared_method(series), tags=tags, xff=xff)


def _combined(
    context: Context, lists: Lists, aggregate: str, xff: float | None = None
) -> list[TimeSeries]:
    series = [one for part in lists for one in part]
    share = context.span.xff if xff is None else xff
    return [combined(series, aggregate, share)] if series else []


def _without_nodes(
    context: Context, series: Sequence[TimeSeries], aggregate: str, positions: Sequence[int]
) -> list[TimeSeries]:
    groups: dict[str, list[TimeSeries]] = {}
    for one in series:
        kept = (n for place, n in enumerate(one.name.split(".")) if place not in positions)
        groups.setdefault(".".join(kept), []).append(one)
    return [
        combined(group, aggregate, context.span.xff).named(key) for key, group in groups.items()
    ]


def _shared_tags(series: Sequence[TimeSeries]) -> dict[str, str]:
    shared = set.intersection(*(set(one.tags.items()) for one in series))
    return {tag: value for tag, value in series[0].tags.items() if (tag, value) in shared}


def _shared_method(series: Sequence[TimeSeries]) -> str:
    methods = {one.method for one in series}
    return methods.pop() if len(methods) == 1 else "average"
