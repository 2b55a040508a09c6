"""Functions that rename series."""

import re

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError, shown
from celeryscope.graphite.naming import nodes_of
from celeryscope.graphite.parameters import NODE, SERIES, TEXT, Parameter
from celeryscope.graphite.series import TimeSeries

_MAX_NAME = 4000


@function("alias", "Alias", Parameter("seriesList", SERIES), Parameter("newName", TEXT))
def alias(_context: Context, series: list[TimeSeries], name: str) -> list[TimeSeries]:
    """Show a text in place of the series' name."""
    return [one.named(_bounded("alias", name)) for one in series]


@function(
    "aliasByNode",
    "Alias",
    Parameter("seriesList", SERIES),
    Parameter("nodes", NODE, multiple=True),
)
def alias_by_node(
    _context: Context, series: list[TimeSeries], nodes: list[int]
) -> list[TimeSeries]:
    """Show only some nodes of the series' name, counted from 0 or, negative, from the end."""
    return [one.named(nodes_of(one, nodes)) for one in series]


@function(
    "aliasSub",
    "Alias",
    Parameter("seriesList", SERIES),
    Parameter("search", TEXT),
    Parameter("replace", TEXT),
)
def alias_sub(
    _context: Context, series: list[TimeSeries], search: str, replace: str
) -> list[TimeSeries]:
    r"""Replace what a regular expression finds in the name; `\1` stands for its first group."""
    try:
        pattern = re.compile(search)
        return [one.named(_bounded("aliasSub", pattern.sub(replace, one.name))) for one in series]
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        raise ArgumentError(
            f"aliasSub: search {shown(search)} with replace {shown(replace)} is wrong ({error}); "
            "allowed is a regular expression and a replacement with its groups"
        ) from None


def _bounded(function: str, name: str) -> str:
    if len(name) > _MAX_NAME:
        raise ArgumentError(f"{function}: a name would grow longer than {_MAX_NAME} characters")
    return name
