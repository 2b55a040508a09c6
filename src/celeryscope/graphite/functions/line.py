"""Functions that draw one straight line for each series."""

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, canonical, percentile
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.functions.generate import horizontal
from celeryscope.graphite.parameters import (
    AGGREGATE,
    BOOLEAN,
    DATE,
    NUMBER,
    SERIES,
    SOURCE,
    Flag,
    Parameter,
)
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import Target
from celeryscope.sketch import Floats

_SERIES = Parameter("seriesList", SERIES)
_WHOLE = 100
_OF_NOTHING_ZERO = {"count", "avg_zero"}


@function(
    "aggregateLine",
    "Calculate",
    _SERIES,
    Parameter("func", AGGREGATE, required=False, default="average"),
    Parameter("keepStep", BOOLEAN, required=False, default=False),
)
def aggregate_line(
    context: Context, series: list[TimeSeries], func: str, keep_step: Flag
) -> list[TimeSeries]:
    """Draw a horizontal line at the aggregate of each series.

    With `keepStep` the line has the points of its series, else those of the range.
    """
    lines = []
    for one in series:
        aggregate = canonical(func) or func
        found = float(AGGREGATES[aggregate](one.values, 0))
        value = 0.0 if np.isnan(found) and aggregate in _OF_NOTHING_ZERO else found
        name = f"aggregateLine({one.name}, {'None' if np.isnan(value) else f'{value:g}'})"
        line = one if keep_step else horizontal(context, value)
        lines.append(line.derived(name, np.full(line.values.size, value)))
    return lines


@function("nPercentile", "Calculate", _SERIES, Parameter("n", NUMBER))
def n_percentile(_context: Context, series: list[TimeSeries], percent: float) -> list[TimeSeries]:
    """Draw a horizontal line at a percentile of each series' own values."""
    if not 0 < percent <= _WHOLE:
        raise ArgumentError(
            f"nPercentile: n is {percent:g}; allowed is a number of more than 0, at most {_WHOLE}"
        )
    found = [(one, float(percentile(one.values, 0, percent))) for one in series]
    return [
        one.derived(
            f"nPercentile({one.name}, {percent:g})", np.full(one.values.size, value)
        ).tagged(nPercentile=percent)
        for one, value in found
        if not np.isnan(value)
    ]


@function(
    "linearRegression",
    "Calculate",
    Parameter("seriesList", SOURCE),
    Parameter("startSourceAt", DATE, required=False),
    Parameter("endSourceAt", DATE, required=False),
    raw=True,
)
def linear_regression(
    context: Context, source: Target, start: str | None, end: str | None
) -> list[TimeSeries]:
    """Draw the straight line that fits best to each series, or to a part of it.

    The part is from `startSourceAt` up to `endSourceAt`; without them it is the whole range.
    """
    first = context.span.start if start is None else context.time("startSourceAt", start)
    last = context.span.end if end is None else context.time("endSourceAt", end)
    pairs = zip(context.read(source), context.read(source, first, last), strict=False)
    return [
        one.derived(f"linearRegression({one.name}, {first}, {last})", _fitted(part, one)).tagged(
            linearRegressions=f"{first}, {last}"
        )
        for one, part in pairs
        if np.count_nonzero(~np.isnan(part.values)) > 1
    ]


def _fitted(part: TimeSeries, series: TimeSeries) -> Floats:
    places = np.flatnonzero(~np.isnan(part.values))
    known = part.values[places]
    middle, level = places.mean(), known.mean()
    distance = places - middle
    slope = (distance @ (known - level)) / (distance @ distance)
    times = series.start + series.step * np.arange(series.values.size)
    fitted: Floats = level + slope * ((times - part.start) / part.step - middle)
    return fitted
