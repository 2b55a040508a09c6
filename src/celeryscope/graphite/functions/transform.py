"""Functions that calculate with each series on its own."""

from dataclasses import replace

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
from celeryscope.graphite.series import TimeSeries, by_interval
from celeryscope.graphite.times import parse_interval


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
    count = -(-(series.end - start) // seconds)
    values = AGGREGATES[aggregate](by_interval(series, start, seconds, count), 1)
    method = aggregate if aggregate in CONSOLIDATIONS else series.method
    return series.derived(name, values, start=start, step=seconds, method=method)
