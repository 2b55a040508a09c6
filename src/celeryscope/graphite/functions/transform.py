"""Functions that calculate with each series on its own."""

from dataclasses import replace

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, CONSOLIDATIONS, canonical
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import (
    AGGREGATE,
    BOOLEAN,
    INTERVAL,
    NUMBER,
    SERIES,
    Parameter,
)
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.times import parse_interval
from celeryscope.sketch import Floats


@function("scale", "Transform", Parameter("seriesList", SERIES), Parameter("factor", NUMBER))
def scale(_context: Context, series: list[TimeSeries], factor: float) -> list[TimeSeries]:
    """Multiply each value by a number."""
    return [
        one.derived(
            f"scale({one.name},{factor:g})",
            one.values * factor,
            tags={**one.tags, "scale": str(factor)},
        )
        for one in series
    ]


@function(
    "summarize",
    "Transform",
    Parameter("seriesList", SERIES),
    Parameter("intervalString", INTERVAL),
    Parameter("func", AGGREGATE, required=False, default="sum"),
    Parameter("alignToFrom", BOOLEAN, required=False, default=False),
    raw=True,
)
def summarize(
    context: Context,
    series: list[TimeSeries],
    interval: str,
    func: str,
    align: bool,  # noqa: FBT001 -- a target's arguments come in order
) -> list[TimeSeries]:
    """Aggregate each series over intervals on the clock, or from the start of the range on."""
    seconds = parse_interval(interval)
    suffix = ", true" if align else ""
    results = []
    for one in series:
        start = one.start if align else one.start - one.start % seconds
        context.fetcher.charge((one.end - start) // seconds)
        name = f'summarize({one.name}, "{interval}", "{func}"{suffix})'
        tags = {**one.tags, "summarize": interval, "summarizeFunction": func}
        results.append(replace(_summarized(one, name, start, seconds, func), tags=tags))
    return results


def _summarized(series: TimeSeries, name: str, start: int, seconds: int, func: str) -> TimeSeries:
    aggregate = canonical(func) or func
    values = AGGREGATES[aggregate](_buckets(series, start, seconds), 1)
    method = aggregate if aggregate in CONSOLIDATIONS else series.method
    return series.derived(name, values, start=start, step=seconds, method=method)


def _buckets(series: TimeSeries, start: int, seconds: int) -> Floats:
    """Lay the values out by interval: one row each, as wide as the fullest."""
    times = series.start + series.step * np.arange(series.values.size)
    row = (times - start) // seconds
    column = np.arange(row.size) - np.searchsorted(row, row)
    shape = (-(-(series.end - start) // seconds), -(-seconds // series.step))
    buckets = np.full(shape, np.nan)
    buckets[row, column] = series.values
    return buckets
