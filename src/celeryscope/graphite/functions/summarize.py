"""Functions that merge the values of longer intervals."""

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, CONSOLIDATIONS, canonical, total
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import (
    AGGREGATE,
    ALIGNMENT,
    BOOLEAN,
    INTERVAL,
    SERIES,
    SOURCE,
    Flag,
    Parameter,
)
from celeryscope.graphite.series import TimeSeries, by_interval, enough, places
from celeryscope.graphite.target import Target
from celeryscope.graphite.times import ALIGNMENTS, floor_to, parse_interval
from celeryscope.sketch import Floats

_INTERVAL = Parameter("intervalString", INTERVAL, suggestions=("10min", "1h", "1d"))
_UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60))
_COUNTING_NULLS = {"avg_zero", "multiply"}
_FUNC = Parameter("func", AGGREGATE, required=False, default="sum")


@function(
    "summarize",
    "Transform",
    Parameter("seriesList", SERIES),
    _INTERVAL,
    _FUNC,
    Parameter("alignToFrom", BOOLEAN, required=False, default=False),
    raw=True,
)
def summarize(
    context: Context, series: list[TimeSeries], interval: str, func: str, align: Flag
) -> list[TimeSeries]:
    """Aggregate each series over intervals on the clock, or from the start of the range on."""
    seconds = parse_interval(interval)
    suffix = ", true" if align else ""
    return [
        _summarized(
            context,
            one,
            f'summarize({one.name}, "{interval}", "{func}"{suffix})',
            one.start if align else one.start // seconds * seconds,
            seconds,
            func,
        ).tagged(summarize=interval, summarizeFunction=func)
        for one in series
    ]


@function(
    "smartSummarize",
    "Transform",
    Parameter("seriesList", SOURCE),
    _INTERVAL,
    _FUNC,
    Parameter("alignTo", ALIGNMENT, required=False, options=(None, True, False, *ALIGNMENTS)),
    raw=True,
)
def smart_summarize(
    context: Context, source: Target, interval: str, func: str, unit: str | None
) -> list[TimeSeries]:
    """Aggregate each series over intervals from the start of the range on.

    With `alignTo` the range is made longer, to start with a full unit of the calendar: years,
    months, weeks (`weeks3` start on Wednesday), days, hours, minutes or seconds.
    """
    seconds = parse_interval(interval)
    start = context.span.start
    aligned = floor_to(unit, start, context.span.zone) if unit else start
    return [
        _summarized(
            context,
            one,
            f'smartSummarize({one.name}, "{interval}", "{func}")',
            one.start,
            seconds,
            func,
        ).tagged(smartSummarize=interval, smartSummarizeFunction=func)
        for one in context.read(source, aligned)
    ]


@function(
    "hitcount",
    "Transform",
    Parameter("seriesList", SOURCE),
    _INTERVAL,
    Parameter("alignToInterval", BOOLEAN, required=False, default=False),
    raw=True,
)
def hitcount(context: Context, source: Target, interval: str, align: Flag) -> list[TimeSeries]:
    """Count hits in each interval, the values being hits a second.

    Intervals end with the range; with `alignToInterval` they start with a full minute, hour or day
    before it, the longest that is not longer than the interval.
    """
    seconds = parse_interval(interval)
    suffix = ", true" if align else ""
    unit = next((unit for unit, length in _UNITS if seconds >= length), "seconds")
    start = floor_to(unit, context.span.start, context.span.zone) if align else context.span.start
    results = []
    for one in context.read(source, start):
        first = one.start if align else one.end - -(-(one.end - one.start) // seconds) * seconds
        values = _hits(context, one, first, seconds)
        name = f'hitcount({one.name}, "{interval}"{suffix})'
        counted = one.derived(name, values, start=first, step=seconds, method="sum")
        results.append(counted.tagged(hitcount=interval))
    return results


def _summarized(
    context: Context, series: TimeSeries, name: str, start: int, seconds: int, func: str
) -> TimeSeries:
    aggregate = canonical(func) or func
    count = -(-(series.end - start) // seconds)
    context.budget.charge(count)
    laid_out = by_interval(series, start, seconds, count)
    values = _merged(series, aggregate, laid_out, start, seconds)
    values = enough(series, laid_out, seconds, values)
    method = aggregate if aggregate in CONSOLIDATIONS else series.method
    return series.derived(name, values, start=start, step=seconds, method=method)


def _merged(
    series: TimeSeries, aggregate: str, laid_out: Floats, start: int, seconds: int
) -> Floats:
    """Aggregate each row; in those two that count nulls, only as many as the interval held."""
    if aggregate not in _COUNTING_NULLS:
        return AGGREGATES[aggregate](laid_out, 1)
    held = np.bincount(places(series, start, seconds), minlength=len(laid_out))
    if aggregate == "avg_zero":
        return total(laid_out, 1) / held
    beyond = np.arange(laid_out.shape[1]) >= np.maximum(held, 1)[:, None]
    return AGGREGATES[aggregate](np.where(beyond, 1.0, laid_out), 1)


def _hits(context: Context, series: TimeSeries, start: int, seconds: int) -> Floats:
    """Return what each interval gets of the values, which last for one step each."""
    count = -(-(series.end - start) // seconds)
    context.budget.charge(count)
    steps = series.start + series.step * np.arange(series.values.size)
    cuts = np.union1d(steps, start + seconds * np.arange(1, count))
    lasted = np.diff(cuts, append=series.end)
    values = series.values[(cuts - series.start) // series.step]
    known, interval = ~np.isnan(values), (cuts - start) // seconds
    hits = np.bincount(interval[known], (values * lasted)[known], count)
    return np.where(np.bincount(interval[known], minlength=count) > 0, hits, np.nan)
