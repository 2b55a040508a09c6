"""The questions that panels ask again and again, each in Graphite's language and in PromQL.

A total over a range is a level line in Graphite: its points may hold several intervals, whose
counts celeryscope adds up and graphite-web averages, and this is right of both.
"""

from celeryscope.grafana.catalogue.scopes import Scope
from celeryscope.grafana.model import Color, Query

MOST = 10
"""So many series at most where there is one for each task."""

_RANGE = "$__range"
_INTERVAL = "$__rate_interval"


def rate(scope: Scope, leaf: str, name: str, color: Color | None = None) -> Query:
    """How many a second of all in scope together."""
    return Query(
        f'alias(sumSeries({scope.path(leaf, "rate")}), "{name}")',
        f"sum({rate_of(scope, leaf)})",
        name,
        color,
    )


def rate_by(scope: Scope, leaf: str, most: int = 0) -> Query:
    """How many a second, one series for each; with `most` only of those that have most."""
    series = scope.path(leaf, "rate")
    label = scope.label(leaf)
    each = f"sum by ({label}) ({rate_of(scope, leaf)})"
    rank = f"sum by ({label}) ({rate_of(scope, leaf, _RANGE)})"
    return _best(scope, leaf, series, each, rank, most)


def total(scope: Scope, leaf: str, name: str) -> Query:
    """How many in the whole range of all in scope together."""
    series = f"sumSeries({scope.path(leaf, 'count')})"
    return Query(
        f'alias({level(series)}, "{name}")',
        f"sum({increase_of(scope, leaf)})",
        name,
        over_range=True,
    )


def total_by(scope: Scope, leaf: str, most: int = 0) -> Query:
    """How many in the whole range, one series for each.

    A series that began within the range counts from its first value on, which Prometheus' own
    `increase` leaves out.
    """
    label, positions = scope.label(leaf), scope.positions(leaf)
    nodes = ", ".join(map(str, positions))
    series = level(f'groupByNodes({scope.path(leaf, "count")}, "sum", {nodes})')
    kept = f"highestAverage({series}, {most})" if most else series
    names = ", ".join(map(str, range(len(positions))))
    each = f"sum by ({label}) ({since_first(scope, leaf)})"
    return Query(
        f"aliasByNode({kept}, {names})",
        f"topk({most}, {each})" if most else each,
        f"{{{{{label}}}}}",
        over_range=True,
    )


def percentile(scope: Scope, leaf: str, percent: int, name: str) -> Query:
    """The percentile of each in scope, and of these the worst."""
    return Query(
        f'alias(maxSeries({scope.path(leaf, f"upper_{percent}")}), "{name}")',
        f"max({quantile_of(scope, leaf, percent)})",
        name,
    )


def percentile_by(scope: Scope, leaf: str, percent: int, most: int = 0) -> Query:
    series = scope.path(leaf, f"upper_{percent}")
    each = quantile_of(scope, leaf, percent)
    return _best(scope, leaf, series, each, quantile_of(scope, leaf, percent, _RANGE), most)


def mean_by(scope: Scope, leaf: str) -> Query:
    series = scope.path(leaf, "mean")
    return Query(scope.named(series, leaf), mean_of(scope, leaf), f"{{{{{scope.label(leaf)}}}}}")


def load_by(scope: Scope, leaf: str, most: int) -> Query:
    """How much of a timer's time passes in each second: the runs that are at work at once."""
    series = _per_second(scope, leaf)
    label = scope.label(leaf)
    each = f"sum by ({label}) ({rate_of(scope, leaf, part='sum')})"
    rank = f"sum by ({label}) ({rate_of(scope, leaf, _RANGE, 'sum')})"
    return _best(scope, leaf, series, each, rank, most)


def load(scope: Scope, leaf: str, name: str) -> Query:
    """How much of a timer's time passes in each second, of all in scope together."""
    series = f"sumSeries({_per_second(scope, leaf)})"
    return Query(f'alias({series}, "{name}")', f"sum({rate_of(scope, leaf, part='sum')})", name)


def gauge(scope: Scope, leaf: str, name: str) -> Query:
    """The sum of a gauge over all in scope."""
    return Query(
        f'alias(sumSeries({scope.path(leaf)}), "{name}")', f"sum({scope.selector(leaf)})", name
    )


def gauge_by(scope: Scope, leaf: str) -> Query:
    label = scope.label(leaf)
    return Query(
        scope.named(scope.path(leaf), leaf),
        f"max by ({label}) ({scope.selector(leaf)})",
        f"{{{{{label}}}}}",
    )


def heat(scope: Scope, leaf: str, percents: str) -> Query:
    """How values are spread: in Graphite by percentiles as in `10,50,90`, in Prometheus by runs."""
    path = scope.path(leaf, f"upper_{{{percents}}}")
    return Query(
        scope.named(path, leaf),
        in_interval(f"sum by (le) ({rate_of(scope, leaf, part='bucket')})"),
        "{{le}}",
    )


def rate_of(scope: Scope, leaf: str, window: str = _INTERVAL, part: str = "") -> str:
    return f"rate({scope.selector(leaf, part)}[{window}])"


def in_interval(rates: str) -> str:
    """Return what comes together from one point to the next; increases over more overlap."""
    return f"{rates} * $__interval_ms / 1000"


def increase_of(scope: Scope, leaf: str, part: str = "", window: str = _RANGE) -> str:
    return f"increase({scope.selector(leaf, part)}[{window}])"


def since_first(scope: Scope, leaf: str) -> str:
    """Return an increase over the range that does not lose a series' first value."""
    one = scope.selector(leaf)
    return f"({one} unless {one} offset {_RANGE}) or increase({one}[{_RANGE}])"


def quantile_of(scope: Scope, leaf: str, percent: float, window: str = _INTERVAL) -> str:
    buckets = rate_of(scope, leaf, window, "bucket")
    by = ", ".join(filter(None, (scope.label(leaf), "le")))
    return f"histogram_quantile({percent / 100:g}, sum by ({by}) ({buckets}))"


def mean_of(scope: Scope, leaf: str) -> str:
    label = scope.label(leaf)
    times = f"sum by ({label}) ({rate_of(scope, leaf, part='sum')})"
    return f"{times} / sum by ({label}) ({rate_of(scope, leaf, part='count')})"


def ranked(rank: str, most: int) -> str:
    """Return the highest by a value over the whole range, so that they are the same throughout."""
    return f"topk({most}, {rank.replace(f'[{_RANGE}]', f'[{_RANGE}] @ end()')})"


def level(series: str) -> str:
    """Return Graphite's sum over the whole range of each series, as a level line."""
    return f'aggregateLine({series}, "sum", true)'


def _per_second(scope: Scope, leaf: str) -> str:
    """Return Graphite's seconds of a timer, in ms, that pass in each second."""
    return f"scale(scaleToSeconds({scope.path(leaf, 'sum')}, 1), 0.001)"


def _best(scope: Scope, leaf: str, series: str, each: str, rank: str, most: int) -> Query:
    """One series for each, named; with `most` only those that rank highest over the range."""
    kept = f"highestAverage({series}, {most})" if most else series
    chosen = f"{each} and topk({most}, {rank.replace(f'[{_RANGE}]', f'[{_RANGE}] @ end()')})"
    return Query(scope.named(kept, leaf), chosen if most else each, f"{{{{{scope.label(leaf)}}}}}")
