"""Functions that sort series into groups, and make of each group what another function does."""

from collections.abc import Iterable
from dataclasses import replace

from celeryscope.graphite.aggregates import canonical
from celeryscope.graphite.declaration import Context, Function, function
from celeryscope.graphite.errors import ArgumentError, shown
from celeryscope.graphite.functions import across, combine, lists, percent
from celeryscope.graphite.functions.combine import Lists, combined
from celeryscope.graphite.naming import by_nodes, tags_of
from celeryscope.graphite.parameters import (
    COMBINER,
    NODE,
    NODE_OR_TAG,
    SERIES,
    SERIES_LISTS,
    TAG,
    TEXT,
    Parameter,
)
from celeryscope.graphite.patterns import bounded
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import parse

_SERIES = Parameter("seriesList", SERIES)
_COMBINERS: dict[str, Function] = {
    name: declared
    for family in (across, combine, lists, percent)
    for declared in vars(family).values()
    if isinstance(declared, Function)
    for name in (declared.name, *declared.aliases)
}


@function("group", "Combine", Parameter("seriesLists", SERIES, required=False, multiple=True))
def group(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Make one list of many, so that one function takes them all."""
    return [one for part in lists for one in part]


@function(
    "groupByNode",
    "Combine",
    _SERIES,
    Parameter("nodeNum", NODE_OR_TAG),
    Parameter("callback", COMBINER, required=False, default="average"),
)
def group_by_node(
    context: Context, series: list[TimeSeries], node: int | str, callback: str
) -> list[TimeSeries]:
    """Combine the series that share a node of their name, and show that node as the name."""
    return _grouped(context, series, callback, [node])


@function(
    "groupByNodes",
    "Combine",
    _SERIES,
    Parameter("callback", COMBINER),
    Parameter("nodes", NODE_OR_TAG, required=False, multiple=True),
)
def group_by_nodes(
    context: Context, series: list[TimeSeries], callback: str, nodes: list[int | str]
) -> list[TimeSeries]:
    """Combine the series that share some nodes of their name or tags, and show these."""
    return _grouped(context, series, callback, nodes)


@function(
    "groupByTags",
    "Combine",
    _SERIES,
    Parameter("callback", COMBINER),
    Parameter("tags", TAG, multiple=True),
)
def group_by_tags(
    context: Context, series: list[TimeSeries], callback: str, tags: list[str]
) -> list[TimeSeries]:
    """Combine the series that share some tags; the result has these tags."""
    shared = {one.tags.get("name", "") for one in series}
    name = shared.pop() if len(shared) == 1 else callback
    groups: dict[str, list[TimeSeries]] = {}
    for one in series:
        first = one.tags.get("name", "") if "name" in tags else name
        pairs = sorted(f"{tag}={one.tags.get(tag, '')}" for tag in tags if tag != "name")
        groups.setdefault(";".join([first, *pairs]), []).append(one)
    return [
        replace(
            _as_one(context, "groupByTags", callback, of), name=key, path=key, tags=tags_of(key)
        )
        for key, of in groups.items()
    ]


@function(
    "applyByNode",
    "Combine",
    _SERIES,
    Parameter("nodeNum", NODE),
    Parameter("templateFunction", TEXT),
    Parameter("newName", TEXT, required=False),
)
def apply_by_node(
    context: Context, series: list[TimeSeries], node: int, template: str, name: str | None
) -> list[TimeSeries]:
    """Evaluate a target for each head of the names, up to a node; `%` in it stands for the head."""
    heads = sorted({".".join(one.name.split(".")[: node + 1]) for one in series})
    return [
        replace(
            one,
            name=bounded("applyByNode", name.replace("%", head)) if name else one.name,
            path=head,
        )
        for head in heads
        for one in context.read(parse(bounded("applyByNode", template.replace("%", head))))
    ]


@function(
    "mapSeries",
    "Combine",
    _SERIES,
    Parameter("mapNodes", NODE_OR_TAG, multiple=True),
    aliases=("map",),
)
def map_series(
    _context: Context, series: list[TimeSeries], nodes: list[int | str]
) -> list[TimeSeries]:
    """Order the series by nodes of their names; `reduceSeries` then combines them."""
    return [one for part in by_nodes(series, nodes).values() for one in part]


@function(
    "reduceSeries",
    "Combine",
    Parameter("seriesLists", SERIES_LISTS),
    Parameter("reduceFunction", TEXT),
    Parameter("reduceNode", NODE),
    Parameter("reduceMatchers", TEXT, multiple=True),
    aliases=("reduce",),
)
def reduce_series(
    context: Context, series: list[TimeSeries], callback: str, node: int, matchers: list[str]
) -> list[TimeSeries]:
    """Combine series whose names differ in one node, in the order of that node's values given.

    `reduceSeries(mapSeries(servers.*.disk.*,1),"asPercent",3,"used","total")` shows of each server
    what percentage of its total is used.
    """
    groups: dict[str, dict[str, TimeSeries]] = {}
    for one in series:
        parts = one.name.split(".")
        if -len(parts) <= node < len(parts) and parts[node] in matchers:
            name = f"{'.'.join(parts[:node])}.reduce.{callback}"
            groups.setdefault(name, {})[parts[node]] = one
    return [
        _called(context, "reduceSeries", callback, [[of[key]] for key in matchers]).named(name)
        for name, of in groups.items()
        if of.keys() >= set(matchers)
    ]


def _grouped(
    context: Context, series: Iterable[TimeSeries], callback: str, nodes: list[int | str]
) -> list[TimeSeries]:
    return [
        _as_one(context, "groupByNode", callback, of).named(key)
        for key, of in by_nodes(series, nodes).items()
    ]


def _as_one(context: Context, function: str, callback: str, series: list[TimeSeries]) -> TimeSeries:
    if callback not in _COMBINERS and canonical(callback):
        return combined(series, callback)
    return _called(context, function, callback, [series])


def _called(
    context: Context, function: str, callback: str, lists: list[list[TimeSeries]]
) -> TimeSeries:
    declared = _COMBINERS.get(callback)
    made = declared.code(context, *declared.filled(lists)) if declared else []
    if not made:
        raise ArgumentError(
            f"{function}: {shown(callback)} makes no series of {len(lists)} lists; "
            "allowed is a function that combines as many"
        )
    return made[0]
