"""How functions name what they make, and find nodes in names that functions made."""

from collections.abc import Iterable, Sequence

from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import first_path
from celeryscope.store import tagnames


def expressions(series: Iterable[TimeSeries]) -> str:
    """Return the series' path expressions, each once, in order."""
    return ",".join(dict.fromkeys(one.path for one in series))


def nodes_of(series: TimeSeries, nodes: Iterable[int | str]) -> str:
    """Return some nodes of a series' name, or its tags, joined by dots; what is not there is empty.

    In a name that is a target itself, such as `sumSeries(a.*.b)`, its first path counts.
    """
    path = first_path(series.name) if series.name.endswith(")") else series.name
    parts = tagnames.key_of(path).split(".")
    return ".".join(_node(series, parts, node) for node in nodes)


def by_nodes(
    series: Iterable[TimeSeries], nodes: Sequence[int | str]
) -> dict[str, list[TimeSeries]]:
    """Group series by nodes or tags, in the order in which the groups come first."""
    groups: dict[str, list[TimeSeries]] = {}
    for one in series:
        groups.setdefault(nodes_of(one, nodes), []).append(one)
    return groups


def tags_of(path: str) -> dict[str, str]:
    """Return the tags that a path such as `disk.used;host=a` carries, and its name."""
    name, *pairs = path.split(tagnames.SEPARATOR)
    tags = {tag: value for tag, _, value in (pair.partition("=") for pair in pairs)}
    return tags | {tagnames.NAME: name}


def _node(series: TimeSeries, parts: Sequence[str], node: int | str) -> str:
    if isinstance(node, int) and -len(parts) <= node < len(parts):
        return parts[node]
    return series.tags.get(str(node), "")
