"""How functions name what they make, and find nodes in names that functions made."""

from collections.abc import Iterable, Sequence

from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import first_path


def expressions(series: Iterable[TimeSeries]) -> str:
    """Return the series' path expressions, each once, in order."""
    return ",".join(dict.fromkeys(one.path for one in series))


def nodes_of(series: TimeSeries, nodes: Sequence[int]) -> str:
    """Return some nodes of a series' name, joined by dots; one that is not there is empty.

    In a name that is a target itself, such as `sumSeries(a.*.b)`, its first path counts.
    """
    path = first_path(series.name) if series.name.endswith(")") else series.name
    parts = path.split(".")
    return ".".join(parts[n] if -len(parts) <= n < len(parts) else "" for n in nodes)
