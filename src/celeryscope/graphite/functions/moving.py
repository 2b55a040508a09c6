"""Functions over a window that moves along each series; it starts before the range does."""

from itertools import accumulate

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, canonical
from celeryscope.graphite.budget import IN_PYTHON
from celeryscope.graphite.declaration import Context, Function, function
from celeryscope.graphite.parameters import (
    AGGREGATE,
    NUMBER,
    POINTS_OR_INTERVAL,
    POSITIVE,
    SERIES,
    SHARE,
    SOURCE,
    Parameter,
)
from celeryscope.graphite.rolling import rolled
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import Target
from celeryscope.graphite.times import parse_interval
from celeryscope.sketch import Floats

_SOURCE = Parameter("seriesList", SOURCE)
_WINDOW = Parameter(
    "windowSize",
    POINTS_OR_INTERVAL,
    suggestions=(5, 7, 10, "1min", "5min", "10min", "30min", "1hour"),
)
_XFF = Parameter("xFilesFactor", SHARE, required=False)

Size = int | str
"""A number of points, or an interval."""


@function(
    "movingWindow",
    "Calculate",
    _SOURCE,
    _WINDOW,
    Parameter("func", AGGREGATE, required=False, default="average"),
    _XFF,
    raw=True,
)
def moving_window(
    context: Context, source: Target, size: Size, aggregate: str, xff: float | None
) -> list[TimeSeries]:
    """Aggregate, for each point, the points of a window that ends with it."""
    return [
        _moved(context, one, size, aggregate, xff).since(context.span.start)
        for one in _with_preview(context, source, size)
    ]


def _moving(name: str, aggregate: str, words: str) -> Function:
    def moving(context: Context, source: Target, size: Size, xff: float | None) -> list[TimeSeries]:
        return moving_window.code(context, source, size, aggregate, xff)

    moving.__doc__ = f"Show {words} a window that ends with each point."
    return function(name, "Calculate", _SOURCE, _WINDOW, _XFF, raw=True)(moving)


moving_average = _moving("movingAverage", "average", "the average over")
moving_median = _moving("movingMedian", "median", "the median over")
moving_sum = _moving("movingSum", "sum", "the sum over")
moving_min = _moving("movingMin", "min", "the lowest value of")
moving_max = _moving("movingMax", "max", "the highest value of")


@function("exponentialMovingAverage", "Calculate", _SOURCE, _WINDOW, raw=True)
def exponential_moving_average(context: Context, source: Target, size: Size) -> list[TimeSeries]:
    """Average each series with weights that fall exponentially into the past.

    It starts from the plain average of one window before the range. The weight of the newest
    value is 2 / (n + 1), n being the points of the window or, if it is an interval, its seconds.
    """
    weight = 2 / ((size if isinstance(size, int) else _seconds(size)) + 1)
    return [
        one.derived(
            f"exponentialMovingAverage({one.name},{_shown(size)})",
            _smoothed(context, one.values, _points(one, size), weight),
        )
        .tagged(exponentialMovingAverage=size)
        .since(context.span.start)
        for one in _with_preview(context, source, size)
    ]


@function(
    "stdev",
    "Calculate",
    Parameter("seriesList", SERIES),
    Parameter("points", POSITIVE),
    Parameter("windowTolerance", NUMBER, required=False, default=0.1),
    raw=True,
)
def stdev(
    context: Context, series: list[TimeSeries], points: int, tolerance: float
) -> list[TimeSeries]:
    """Show the standard deviation of the points of a window that ends with each point.

    `windowTolerance` is the share of them that have to be known.
    """
    return [
        one.derived(
            f"stdev({one.name},{points})",
            rolled(one.values, points, "stddev", context.budget, tolerance),
        ).tagged(stdev=points)
        for one in series
    ]


def _with_preview(context: Context, source: Target, size: Size) -> list[TimeSeries]:
    """Read a target from a window before the range on.

    A window of points is as long as the longest step of the series makes it; reading further back
    may give longer steps.
    """
    if isinstance(size, str):
        return context.read(source, context.span.start - _seconds(size))
    step, longest = 0, context.window.step
    while longest > step:
        step = longest
        series = context.read(source, context.span.start - size * step)
        longest = max((one.step for one in series), default=step)
    return series


def _moved(
    context: Context, series: TimeSeries, size: Size, func: str, xff: float | None
) -> TimeSeries:
    share = series.xff if xff is None else xff
    tag = f"moving{func.capitalize()}"
    aggregate = canonical(func) or func
    values = rolled(series.values, _points(series, size), aggregate, context.budget, share)
    return series.derived(f"{tag}({series.name},{_shown(size)})", values).tagged(**{tag: size})


def _points(series: TimeSeries, size: Size) -> int:
    return size if isinstance(size, int) else max(_seconds(size) // series.step, 1)


def _seconds(size: str) -> int:
    return parse_interval(size.removeprefix("-"))


def _shown(size: Size) -> str:
    return str(size) if isinstance(size, int) else f'"{size}"'


def _smoothed(context: Context, values: Floats, points: int, weight: float) -> Floats:
    """Average exponentially from `points` on, starting from the average of those before."""
    context.budget.work(IN_PYTHON * values.size)
    seed = float(np.nan_to_num(AGGREGATES["average"](values[:points], 0)))
    smoothed = np.full(values.size, np.nan)
    places = points + np.flatnonzero(~np.isnan(values[points:]))
    averages = accumulate(
        values[places].tolist(),
        lambda before, value: weight * value + (1 - weight) * before,
        initial=seed,
    )
    smoothed[places] = list(averages)[1:]
    return smoothed
