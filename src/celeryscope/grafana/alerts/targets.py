"""The idioms that Graphite's targets share.

Rates are asked for, not counts: merged into one point they are right in every Graphite, and times
the seconds of the window they are counts again. Nodes are counted from the end, so that they stay
the same behind a longer prefix.
"""

from celeryscope.grafana.queries import graphite
from celeryscope.metrics import Family


def counted(family: Family, seconds: float, *leaves: str) -> str:
    """Return what counters counted over a window, which one query looks back."""
    paths = [graphite(family, leaf, "rate") for leaf in leaves]
    nodes = [set(column) for column in zip(*(path.split(".") for path in paths), strict=True)]
    path = ".".join(next(iter(one)) if len(one) == 1 else _either(leaves) for one in nodes)
    return f"scale({path}, {seconds:g})"


def by_task(seconds: int, *leaves: str) -> str:
    """Return what was counted of each task over a window."""
    return f'groupByNodes({counted(Family.TASK, seconds, *leaves)}, "sum", -5, -4, -3)'


def by_queue(*counts: str) -> str:
    """Return the sum for each queue of what `counted` gives."""
    return f'groupByNodes(group({", ".join(counts)}), "sum", -3)'


def _either(leaves: tuple[str, ...]) -> str:
    return "{" + ",".join(leaves) + "}"
