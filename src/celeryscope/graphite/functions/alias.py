"""Functions that rename series."""

import re
from collections.abc import Callable
from math import isnan

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATE_NAMES, last
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError, shown
from celeryscope.graphite.naming import nodes_of
from celeryscope.graphite.parameters import INTEGER, NODE_OR_TAG, SERIES, TEXT, Parameter
from celeryscope.graphite.patterns import bounded, substituted
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.summaries import summaries
from celeryscope.graphite.target import parse
from celeryscope.graphite.units import UNIT_SYSTEMS, with_unit

_SERIES = Parameter("seriesList", SERIES)
_SEARCH, _REPLACE = Parameter("search", TEXT), Parameter("replace", TEXT)
_NUMBER_FORMAT = re.compile(r"(?:[^%]|%%)*%[-+ #0]?\d{0,2}(?:\.\d{0,2})?[dfgeis](?:[^%]|%%)*")
_PLACES = Parameter("pos", INTEGER, required=False, multiple=True)
_VALUE_TYPES = (*AGGREGATE_NAMES, *(f"{name}Series" for name in AGGREGATE_NAMES), *UNIT_SYSTEMS)


@function("alias", "Alias", _SERIES, Parameter("newName", TEXT))
def alias(_context: Context, series: list[TimeSeries], name: str) -> list[TimeSeries]:
    """Show a text in place of the series' name."""
    return [one.named(bounded("alias", name)) for one in series]


@function("aliasByNode", "Alias", _SERIES, Parameter("nodes", NODE_OR_TAG, multiple=True))
def alias_by_node(
    _context: Context, series: list[TimeSeries], nodes: list[int | str]
) -> list[TimeSeries]:
    """Show only some nodes of the series' name, counted from 0 or, negative, from the end.

    A text is the name of a tag.
    """
    return [one.named(nodes_of(one, nodes)) for one in series]


@function("aliasByTags", "Alias", _SERIES, Parameter("tags", NODE_OR_TAG, multiple=True))
def alias_by_tags(
    _context: Context, series: list[TimeSeries], tags: list[int | str]
) -> list[TimeSeries]:
    """Show only the values of some tags; a number stands for a node of the name."""
    return [one.named(nodes_of(one, tags)) for one in series]


@function("aliasByMetric", "Alias", _SERIES)
def alias_by_metric(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Show only the last node of the path."""
    return [one.named(_innermost(one.name).rpartition(".")[2].partition(",")[0]) for one in series]


@function("aliasSub", "Alias", _SERIES, _SEARCH, _REPLACE)
def alias_sub(
    context: Context, series: list[TimeSeries], search: str, replacement: str
) -> list[TimeSeries]:
    r"""Replace what a regular expression finds in the name; `\1` stands for its first group."""
    own = [one.name for one in series]
    names = substituted("aliasSub", search, replacement, own, context.budget)
    return [one.named(name) for one, name in zip(series, names, strict=True)]


@function("aliasQuery", "Alias", _SERIES, _SEARCH, _REPLACE, Parameter("newName", TEXT))
def alias_query(
    context: Context, series: list[TimeSeries], search: str, replacement: str, name: str
) -> list[TimeSeries]:
    """Show the last value of another series, whose target is made from the series' name.

    `newName` says how: `%d`, `%.2f`, `%g` or `%s` stands for the value.
    """
    if not _NUMBER_FORMAT.fullmatch(name):
        raise ArgumentError(
            f"aliasQuery: newName is {shown(name)}; allowed is text with one number, such as %.2f"
        )
    own = [one.name for one in series]
    queries = substituted("aliasQuery", search, replacement, own, context.budget)
    values = [_last_value(context, query) for query in queries]
    return [one.named(name % value) for one, value in zip(series, values, strict=True)]


@function(
    "legendValue",
    "Alias",
    _SERIES,
    Parameter("valuesTypes", TEXT, required=False, multiple=True, options=_VALUE_TYPES),
)
def legend_value(_context: Context, series: list[TimeSeries], kinds: list[str]) -> list[TimeSeries]:
    """Add aggregates of the values to the name; a last `si` or `binary` shows them with units."""
    units = kinds.pop() if kinds and kinds[-1] in UNIT_SYSTEMS else None
    if misplaced := UNIT_SYSTEMS.keys() & set(kinds):
        raise ArgumentError(f"legendValue: {misplaced.pop()} comes last, after the aggregates")
    for kind in kinds:
        values = summaries(series, kind).tolist()
        series = [
            one.named(_with_value(one.name, kind, value, units))
            for one, value in zip(series, values, strict=True)
        ]
    return series


@function("upper", "Alias", _SERIES, _PLACES)
def upper(_context: Context, series: list[TimeSeries], places: list[int]) -> list[TimeSeries]:
    """Show the name in upper case, or only its characters at some places, from 0."""
    return [one.named(_recased(one.name, str.upper, places)) for one in series]


@function("lower", "Alias", _SERIES, _PLACES)
def lower(_context: Context, series: list[TimeSeries], places: list[int]) -> list[TimeSeries]:
    """Show the name in lower case, or only its characters at some places, from 0."""
    return [one.named(_recased(one.name, str.lower, places)) for one in series]


def _innermost(name: str) -> str:
    """Return what is between a name's last opening and its first closing parenthesis."""
    left, right = name.rfind("(") + 1, name.find(")")
    return name[left:right] if right >= 0 else name[left:]


def _last_value(context: Context, query: str) -> float:
    found = context.read(parse(query))
    if not found:
        raise ArgumentError(f"aliasQuery: {shown(query)} gives no series")
    value = float(last(found[0].values, 0))
    if not np.isfinite(value):
        raise ArgumentError(f"aliasQuery: {shown(found[0].name)} ends with no number")
    return value


def _with_value(name: str, kind: str, value: float, units: str | None) -> str:
    text = "None" if isnan(value) else str(int(value) if kind == "count" else value)
    if units is None:
        return f"{name} ({kind}: {text})"
    text = text if isnan(value) else with_unit(value, units)
    return f"{name:<20}{kind:<5}{text:<10}"


def _recased(name: str, change: Callable[[str], str], places: list[int]) -> str:
    if not places:
        return change(name)
    chosen = {place % len(name) for place in places if -len(name) <= place < len(name)}
    return "".join(change(one) if place in chosen else one for place, one in enumerate(name))
