"""Functions that make one series of many in ways that are no plain aggregate."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from celeryscope.graphite.aggregates import percentile
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.functions.combine import Lists, combined
from celeryscope.graphite.functions.percent import divided
from celeryscope.graphite.naming import by_nodes, expressions
from celeryscope.graphite.parameters import BOOLEAN, NODE_OR_TAG, NUMBER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries, aligned, stacked
from celeryscope.graphite.target import parse
from celeryscope.sketch import Floats

_ZERO = parse("constantLine(0)")
_MAX_PERCENT = 100


@function("countSeries", "Combine", Parameter("seriesLists", SERIES, required=False, multiple=True))
def count_series(context: Context, lists: list[list[TimeSeries]]) -> list[TimeSeries]:
    """Show how many series there are, whether they have values or not."""
    series = [one for part in lists for one in part]
    if not lists:
        (none,) = context.read(_ZERO)
        return [replace(none, name="0", path="countSeries()", tags={"name": "0"})]
    if not series:
        return []
    fitted = aligned(series)
    values = np.full(fitted[0].values.shape, float(len(series)))
    return [_plain(fitted, f"countSeries({expressions(series)})", values)]


@function(
    "percentileOfSeries",
    "Combine",
    Parameter("seriesList", SERIES),
    Parameter("n", NUMBER),
    Parameter("interpolate", BOOLEAN, required=False, default=False),
)
def percentile_of_series(
    _context: Context,
    series: list[TimeSeries],
    percent: float,
    interpolate: bool,
) -> list[TimeSeries]:
    """Show a percentile of all series, at each point.

    Of the percentiles of timers it gives no true one: `mergedPercentile` does.
    """
    if not 0 < percent <= _MAX_PERCENT:
        raise ArgumentError(
            f"percentileOfSeries: n is {percent:g}; allowed is more than 0, at most 100"
        )
    if not series:
        return []
    fitted = aligned(series)
    values = percentile(stacked(fitted), 0, percent, interpolate=interpolate)
    return [_plain(fitted, f"percentileOfSeries({series[0].path},{percent:g})", values)]


@function("powSeries", "Combine", Parameter("seriesList", SERIES, multiple=True))
def pow_series(_context: Context, lists: Lists) -> list[TimeSeries]:
    """Raise the first series to the power of the second, that to the third, and so on."""
    series = [one for part in lists for one in part]
    if not series:
        return []
    fitted = aligned(series)
    values = reduce(_power, (one.values for one in fitted))
    return [_plain(fitted, f"powSeries({','.join(one.name for one in series)})", values)]


@function(
    "weightedAverage",
    "Combine",
    Parameter("seriesListAvg", SERIES),
    Parameter("seriesListWeight", SERIES),
    Parameter("nodes", NODE_OR_TAG, required=False, multiple=True),
)
def weighted_average(
    _context: Context,
    series: list[TimeSeries],
    weights: list[TimeSeries],
    nodes: list[int | str],
) -> list[TimeSeries]:
    """Average series, each weighted by the one that shares some nodes of its name."""
    if len(series) != len(weights):
        raise ArgumentError(
            f"weightedAverage: seriesListAvg gives {len(series)} series and seriesListWeight "
            f"{len(weights)}; allowed is as many of each"
        )
    weight_of = by_nodes(weights, nodes)
    pairs = [
        (group[-1], weight_of[key][-1])
        for key, group in by_nodes(series, nodes).items()
        if key in weight_of
    ]
    if not pairs:
        return []
    products = [_product(one, weight) for one, weight in pairs]
    above, below = aligned([combined(side, "sum") for side in (products, weights)])
    paths = [",".join(sorted({one.path for one in side})) for side in (series, weights)]
    name = f"weightedAverage({paths[0]}, {paths[1]}, {','.join(map(str, nodes))})"
    return [_plain([above], name, divided(above.values, below.values))]


def _product(series: TimeSeries, weight: TimeSeries) -> TimeSeries:
    one, other = aligned([series, weight])
    return replace(one, values=one.values * other.values)


def _power(base: Floats, exponent: Floats) -> Floats:
    powers = np.power(base, exponent)
    known = np.isfinite(powers) & ~np.isnan(base) & ~np.isnan(exponent)
    return np.where(known, powers, np.nan)


def _plain(fitted: Sequence[TimeSeries], name: str, values: Floats) -> TimeSeries:
    return fitted[0].derived(name, values, method="average", tags={"name": name})
