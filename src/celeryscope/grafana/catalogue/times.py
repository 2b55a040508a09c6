"""A timer's statistics beside each other: percentiles, and the article's aggregates."""

from celeryscope.grafana.catalogue.scopes import Scope
from celeryscope.grafana.catalogue.terms import (
    in_interval,
    mean_of,
    percentile,
    quantile_of,
    rate_of,
)
from celeryscope.grafana.model import Color, Query

# As near to the lowest and the highest bucket as a quantile gets.
_LOWEST, _HIGHEST = 0.1, 100


def percentiles(scope: Scope, leaf: str) -> tuple[Query, ...]:
    """Return p50, p95 and p99."""
    return tuple(percentile(scope, leaf, percent, f"p{percent}") for percent in (50, 95, 99))


def aggregates(scope: Scope, leaf: str) -> tuple[Query, ...]:
    """Return min, mean, mean_90 and max; Prometheus has p90 for mean_90."""
    return (
        _statistic(scope, leaf, "lower", "min", quantile_of(scope, leaf, _LOWEST)),
        _statistic(scope, leaf, "mean", "mean", mean_of(scope, leaf), Color.GREEN),
        _statistic(scope, leaf, "mean_90", "mean_90", ""),
        Query("", quantile_of(scope, leaf, 90), "p90"),
        _statistic(scope, leaf, "upper", "max", quantile_of(scope, leaf, _HIGHEST), Color.RED),
    )


def total_time(scope: Scope, leaf: str, name: str) -> Query:
    """The sum of an interval's times of all in scope."""
    series = f"sumSeries({scope.path(leaf, 'sum')})"
    times = in_interval(f"sum({rate_of(scope, leaf, part='sum')})")
    return Query(f'alias({series}, "{name}")', times, name)


def _statistic(
    scope: Scope, leaf: str, node: str, name: str, prometheus: str, color: Color | None = None
) -> Query:
    """One of a timer's statistics of the one in scope that has most of it."""
    combine = "minSeries" if node == "lower" else "maxSeries"
    return Query(f'alias({combine}({scope.path(leaf, node)}), "{name}")', prometheus, name, color)
