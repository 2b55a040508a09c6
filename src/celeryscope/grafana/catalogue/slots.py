"""How much of what workers can hold they hold."""

from celeryscope.grafana.catalogue.scopes import Scope
from celeryscope.grafana.model import Query


def busy_share(scope: Scope, name: str) -> Query:
    """The share of all slots together that is taken."""
    busy, size = scope.path("busy"), scope.path("pool_size")
    return Query(
        f'alias(divideSeries(sumSeries({busy}), sumSeries({size})), "{name}")',
        f"sum({scope.selector('busy')}) / sum({scope.selector('pool_size')})",
        name,
    )


def busy_share_by(scope: Scope) -> Query:
    """The share of each worker's slots that is taken."""
    label = scope.label("busy")
    busy, size = (f"sortByName({scope.path(leaf)})" for leaf in ("busy", "pool_size"))
    each = (f"max by ({label}) ({scope.selector(leaf)})" for leaf in ("busy", "pool_size"))
    return Query(
        scope.named(f"divideSeriesLists({busy}, {size})", "busy"),
        " / ".join(each),
        f"{{{{{label}}}}}",
    )
