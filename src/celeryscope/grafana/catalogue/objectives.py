"""Ratios of what went well, and what they leave of an error budget."""

from celeryscope.grafana.catalogue.scopes import Scope
from celeryscope.grafana.catalogue.terms import increase_of, level, ranked, rate_of
from celeryscope.grafana.model import Color, Query

_SUCCESS, _FAILURE = "success", "failure"


def succeeded(scope: Scope, name: str) -> Query:
    """The share of ended runs that did not fail, in the whole range."""
    return Query(
        f'alias(offset(scale({_failed_share(scope)}, -1), 1), "{name}")',
        f"1 - {_failed_in_range(scope)}",
        name,
        over_range=True,
    )


def budget_left(scope: Scope, name: str) -> Query:
    """The share of failures that the objective allows in the range and that are still free."""
    return Query(
        f'alias(offset(scale({_failed_share(scope)}, -$objective), 1), "{name}")',
        f"1 - $objective * {_failed_in_range(scope)}",
        name,
        over_range=True,
    )


def failed(scope: Scope, name: str) -> Query:
    """The share of ended runs that failed, in each interval."""
    return Query(
        f'alias(divideSeries({_failures(scope, "rate")}, {_ended(scope, "rate")}), "{name}")',
        f"sum({rate_of(scope, _FAILURE)}) / "
        f"(sum({rate_of(scope, _SUCCESS)}) + sum({rate_of(scope, _FAILURE)}))",
        name,
        Color.RED,
    )


def failed_in_range(scope: Scope, name: str) -> Query:
    """The share of ended runs that failed, in the whole range."""
    return Query(
        f'alias({_failed_share(scope)}, "{name}")',
        _failed_in_range(scope),
        name,
        over_range=True,
    )


def failed_by(scope: Scope, most: int) -> Query:
    """The share of each task's ended runs that failed; those with most failures."""
    label = scope.label(_FAILURE)
    positions = scope.positions(_FAILURE)
    nodes, names = (", ".join(map(str, some)) for some in (positions, range(len(positions))))
    success, failure = (scope.path(leaf, "rate") for leaf in (_SUCCESS, _FAILURE))
    # Both lists begin with the same series, so that their groups come in the same order.
    nothing = f"scale(group({success}, {failure}), 0)"
    failures = f'groupByNodes(group({nothing}, {failure}), "sum", {nodes})'
    ended = f'groupByNodes(group({success}, {failure}), "sum", {nodes})'
    ratio = f"divideSeriesLists({failures}, {ended})"
    by = f"sum by ({label})"
    each = f"{by} ({rate_of(scope, _FAILURE)})"
    rank = ranked(f"{by} ({rate_of(scope, _FAILURE, '$__range')})", most)
    return Query(
        f"aliasByNode(highestAverage({ratio}, {most}), {names})",
        f"{each} / ({by} ({rate_of(scope, _SUCCESS)}) + {each}) and {rank}",
        f"{{{{{label}}}}}",
    )


def waited_within(scope: Scope, name: str) -> Query:
    """The share of waits within `$target`: in Graphite of intervals by their 95th percentile."""
    waits = scope.path("wait", "upper_95")
    within = level(f"sumSeries(isNonNull(removeAboveValue({waits}, $target)))")
    known = level(f"sumSeries(isNonNull({waits}))")
    count = increase_of(scope, "wait", "count")
    bucket = scope.selector("wait", "bucket").replace("{", '{le="$target",')
    return Query(
        f'alias(divideSeries({within}, {known}), "{name}")',
        f"sum(increase({bucket}[$__range])) / sum({count})",
        name,
        over_range=True,
    )


def backlog(scope: Scope, name: str) -> Query:
    """How many more messages were published than runs started, since the range began."""
    published, started = (
        f"sumSeries({scope.path(leaf, 'count')})" for leaf in ("published", "prerun")
    )
    return Query(
        f'alias(integral(diffSeries({published}, {started})), "{name}")',
        f"{_since_start(scope, 'published')} - {_since_start(scope, 'prerun')}",
        name,
    )


def _since_start(scope: Scope, leaf: str) -> str:
    one = scope.selector(leaf)
    return f"(sum({one}) - (sum({one} @ start()) or vector(0)))"


def _failed_share(scope: Scope) -> str:
    failures, ended = _failures(scope, "count"), _ended(scope, "count")
    return f"divideSeries({level(failures)}, {level(ended)})"


def _failures(scope: Scope, statistic: str) -> str:
    """Return Graphite's failures, 0 where there never was one."""
    both = f"group({scope.path(_SUCCESS, statistic)}, {scope.path(_FAILURE, statistic)})"
    return f"sumSeries({scope.path(_FAILURE, statistic)}, scale({both}, 0))"


def _ended(scope: Scope, statistic: str) -> str:
    return f"sumSeries({scope.path(_SUCCESS, statistic)}, {scope.path(_FAILURE, statistic)})"


def _failed_in_range(scope: Scope) -> str:
    failures = f"sum({increase_of(scope, _FAILURE)})"
    return f"{failures} / (sum({increase_of(scope, _SUCCESS)}) + {failures})"
