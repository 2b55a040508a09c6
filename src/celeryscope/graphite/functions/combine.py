"""Functions that make one series of many, point by point."""

from collections.abc import Iterable, Sequence

from celeryscope.graphite.aggregates import AGGREGATES, canonical
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.naming import expressions, nodes_of
from celeryscope.graphite.parameters import AGGREGATE, NODE, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries, aligned, stacked

_LISTS = Parameter("seriesLists", SERIES, multiple=True)

Lists = Iterable[Sequence[TimeSeries]]


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


@function(
    "groupByNode",
    "Combine",
    Parameter("seriesList", SERIES),
    Parameter("nodeNum", NODE),
    Parameter("callback", AGGREGATE, required=False, default="average"),
)
def group_by_node(
    _context: Context, series: list[TimeSeries], node: int, callback: str
) -> list[TimeSeries]:
    """Combine the series that share a node of their name, and show that node as the name."""
    groups: dict[str, list[TimeSeries]] = {}
    for one in series:
        groups.setdefault(nodes_of(one, [node]), []).append(one)
    return [combined(group, callback).named(key) for key, group in groups.items()]


def combined(series: Sequence[TimeSeries], aggregate: str) -> TimeSeries:
    """Aggregate at least one series into one, on a grid that all of them fit on."""
    method = canonical(aggregate) or aggregate
    spelled = aggregate.removesuffix("Series")
    name = f"{spelled}Series({expressions(series)})"
    fitted = aligned(series)
    values = AGGREGATES[method](stacked(fitted), 0)
    tags = {"name": name} | _shared_tags(series) | {"aggregatedBy": spelled}
    return fitted[0].derived(name, values, method=_shared_method(series), tags=tags)


def _combined(lists: Lists, aggregate: str) -> list[TimeSeries]:
    series = [one for part in lists for one in part]
    return [combined(series, aggregate)] if series else []


def _shared_tags(series: Sequence[TimeSeries]) -> dict[str, str]:
    shared = set.intersection(*(set(one.tags.items()) for one in series))
    return {tag: value for tag, value in series[0].tags.items() if (tag, value) in shared}


def _shared_method(series: Sequence[TimeSeries]) -> str:
    methods = {one.method for one in series}
    return methods.pop() if len(methods) == 1 else "average"
