"""The idioms that Graphite's targets share.

Each is asked for as one point over its window, which celeryscope merges by kind: what was counted
is summed, and a percentile is that of all runs. Nodes are counted from the end, so that they stay
the same behind a longer prefix.
"""

from celeryscope.grafana.queries import graphite
from celeryscope.metrics import Family


def counted(family: Family, *leaves: str) -> str:
    """Return what one or several counters of each subject counted."""
    paths = [graphite(family, leaf, "count").split(".") for leaf in leaves]
    columns = (dict.fromkeys(column) for column in zip(*paths, strict=True))
    return ".".join(_either(*column) for column in columns)


def by_task(*leaves: str) -> str:
    """Return the sum for each task of what some counters counted."""
    return f'groupByNodes({counted(Family.TASK, *leaves)}, "sum", -5, -4, -3)'


def by_queue(*targets: str) -> str:
    """Return the sum of targets for each queue."""
    return f'groupByNodes(group({", ".join(targets)}), "sum", -3)'


def _either(*nodes: str) -> str:
    return nodes[0] if len(nodes) == 1 else "{" + ",".join(nodes) + "}"
