"""Functions that rename series."""

import regex

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError, shown
from celeryscope.graphite.naming import nodes_of
from celeryscope.graphite.parameters import NODE, SERIES, TEXT, Parameter
from celeryscope.graphite.series import TimeSeries

_MAX_NAME = 4000
_PATIENCE_SECONDS = 0.5


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
        pattern = regex.compile(search)
        return [one.named(_substituted(pattern, replace, one.name)) for one in series]
    except TimeoutError:
        raise ArgumentError(
            f"aliasSub: search {shown(search)} takes longer than {_PATIENCE_SECONDS} s; "
            "allowed is a regular expression without nested repetitions"
        ) from None
    except (regex.error, IndexError, OverflowError, RecursionError) as error:
        raise ArgumentError(
            f"aliasSub: search {shown(search)} with replace {shown(replace)} is wrong ({error}); "
            "allowed is a regular expression and a replacement with its groups"
        ) from None


def _substituted(pattern: "regex.Pattern[str]", replace: str, name: str) -> str:
    # It comes from a request: without the limit, and with the GIL, it could stop the server.
    substituted = pattern.sub(replace, name, timeout=_PATIENCE_SECONDS, concurrent=True)
    return _bounded("aliasSub", substituted)


def _bounded(function: str, name: str) -> str:
    if len(name) > _MAX_NAME:
        raise ArgumentError(f"{function}: a name would grow longer than {_MAX_NAME} characters")
    return name
