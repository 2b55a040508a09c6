"""Functions that say how series are drawn; what they calculate is seen in every format."""

from dataclasses import replace

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import INTEGER, NUMBER, SERIES, TEXT, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats

_SERIES = Parameter("seriesList", SERIES)
_PAIR = 2


@function("alpha", "Graph", _SERIES, Parameter("alpha", NUMBER))
def alpha(_context: Context, series: list[TimeSeries], opacity: float) -> list[TimeSeries]:
    """Draw with an opacity from 0 to 1."""
    return [one.drawn(alpha=opacity) for one in series]


@function("color", "Graph", _SERIES, Parameter("theColor", TEXT))
def color(_context: Context, series: list[TimeSeries], name: str) -> list[TimeSeries]:
    """Draw in a color, given by its name or as RRGGBB or RRGGBBAA."""
    return [one.drawn(color=name) for one in series]


@function("lineWidth", "Graph", _SERIES, Parameter("width", NUMBER))
def line_width(_context: Context, series: list[TimeSeries], width: float) -> list[TimeSeries]:
    """Draw lines of a width in pixels."""
    return [one.drawn(lineWidth=width) for one in series]


@function("dashed", "Graph", _SERIES, Parameter("dashLength", INTEGER, required=False, default=5))
def dashed(_context: Context, series: list[TimeSeries], length: int) -> list[TimeSeries]:
    """Draw dashed lines, the dashes of a length in pixels."""
    return [
        one.named(f"dashed({one.name}, {length:g})").tagged(dashed=length).drawn(dashed=length)
        for one in series
    ]


@function("drawAsInfinite", "Graph", _SERIES)
def draw_as_infinite(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Draw a vertical line wherever the value is not zero, as for events."""
    return [
        one.named(f"drawAsInfinite({one.name})").tagged(drawAsInfinite=1).drawn(drawAsInfinite=True)
        for one in series
    ]


@function("secondYAxis", "Graph", _SERIES)
def second_y_axis(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Draw on the second Y axis."""
    return [
        one.named(f"secondYAxis({one.name})").tagged(secondYAxis=1).drawn(secondYAxis=True)
        for one in series
    ]


@function("areaBetween", "Graph", _SERIES)
def area_between(_context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Fill the area between two series, the lower one first."""
    if len(series) != _PAIR:
        raise ArgumentError(
            f"areaBetween: seriesList gives {len(series)} series; allowed are exactly two"
        )
    lower, upper = series
    name = f"areaBetween({upper.path})"
    tags = upper.tagged(areaBetween=1).tags
    return [
        replace(one.named(name).drawn(stacked=True), tags=tags)
        for one in (lower.drawn(invisible=True), upper)
    ]


@function("stacked", "Graph", _SERIES, Parameter("stack", TEXT, required=False))
def stacked(context: Context, series: list[TimeSeries], stack: str | None) -> list[TimeSeries]:
    """Draw each series on top of those before it, of all that share a stack in the request."""
    key = stack or ""
    results = []
    for one in series:
        below = _padded(context.stacks.get(key, np.zeros(0)), one.values.size)
        known = np.nan_to_num(one.values, nan=0.0)
        context.stacks[key] = below + np.concatenate([known, np.zeros(below.size - known.size)])
        values = np.where(np.isnan(one.values), np.nan, context.stacks[key][: one.values.size])
        name = one.name if stack else f"stacked({one.name})"
        tags = {} if stack else {"stacked": "__DEFAULT__"}
        results.append(one.derived(name, values).tagged(**tags).drawn(stacked=True))
    return results


def _padded(values: Floats, size: int) -> Floats:
    return np.concatenate([values, np.zeros(max(size - values.size, 0))])
