"""What the monitor says that it lost: every metric of the catalogue that means a loss."""

from celeryscope.grafana.catalogue.scopes import ITSELF
from celeryscope.grafana.catalogue.terms import level, rate, since_first
from celeryscope.grafana.model import Query
from celeryscope.metrics import CATALOGUE

_LEAVES = tuple(metric.leaf for metric in CATALOGUE if metric.loss)


def lost() -> tuple[Query, ...]:
    """Return how much was lost in each way, a second."""
    return tuple(rate(ITSELF, leaf, leaf.replace(".*", "")) for leaf in _LEAVES)


def lost_in_all(name: str) -> Query:
    """Return how much was lost in the whole range.

    What the kernel dropped is lost to its sender, too, so it counts twice.
    """
    paths = ", ".join(ITSELF.path(leaf, "count") for leaf in _LEAVES)
    sums = (f"(sum({since_first(ITSELF, leaf)}) or vector(0))" for leaf in _LEAVES)
    return Query(
        f'alias({level(f"sumSeries({paths})")}, "{name}")',
        " + ".join(sums),
        name,
        over_range=True,
    )
