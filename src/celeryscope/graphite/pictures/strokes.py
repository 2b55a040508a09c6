"""Draws lines, areas and events on axes, in the colors and widths that series ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from math import isnan

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from celeryscope.graphite.pictures import palette
from celeryscope.graphite.pictures.lines import Line
from celeryscope.graphite.pictures.look import Look
from celeryscope.graphite.pictures.text import points

_WIDEST = 100.0
_SINGLE_POINT = 3.0
_AREA_ALPHA = 0.2
_STACK_ALPHA = 0.65


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one line is drawn with; width and dash in pixels, a dash of 0 for none."""

    color: str
    alpha: float
    area_alpha: float
    width: float
    dash: float

    def line(self, times: ArrayLike, values: ArrayLike) -> Line2D:
        return Line2D(
            times,
            values,
            color=self.color,
            alpha=self.alpha,
            linewidth=points(self.width),
            linestyle=(0, (self.dash, self.dash)) if self.dash else "solid",
        )


def strokes(drawn: Sequence[Line], look: Look) -> list[Stroke]:
    """Return a stroke for each line; those without a color of their own get the next one.

    Raises:
        RequestError: A line is to have a color that there is not.
    """
    colors = cycle(look.colors or palette.palette_on(look.background).series)
    return [
        Stroke(
            color=palette.color("color", str(name))
            if (name := line.options.get("color"))
            else next(colors),
            alpha=_within(line, "alpha", 1.0, 1.0),
            area_alpha=_area_alpha(line, look),
            width=_within(line, "lineWidth", look.line_width, _WIDEST),
            dash=_within(line, "dashed", 0.0, _WIDEST),
        )
        for line in drawn
    ]


def draw(axes: Axes, line: Line, stroke: Stroke) -> None:
    if line.event:
        _events(axes, line, stroke)
        return
    drawn = stroke.line(line.times, line.values)
    drawn.set_solid_joinstyle("round")
    axes.add_line(drawn)
    _single_points(axes, line, stroke)
    if line.base is not None:
        alpha = stroke.alpha * stroke.area_alpha
        area = axes.fill_between(line.times, line.base, line.values, linewidth=0)
        area.set(color=stroke.color, alpha=alpha)


def key(line: Line, stroke: Stroke) -> Artist:
    """Return what stands for a line in a legend."""
    if line.base is None or line.event:
        return stroke.line([], [])
    inside = to_rgba(stroke.color, stroke.alpha * stroke.area_alpha)
    return Patch(facecolor=inside, edgecolor=stroke.color, linewidth=points(1))


def _events(axes: Axes, line: Line, stroke: Stroke) -> None:
    """Draw a vertical line over the whole height wherever the value is not zero."""
    times = line.times[~np.isnan(line.values) & (line.values != 0)]
    events = axes.vlines(times, 0, 1, transform=axes.get_xaxis_transform())
    events.set(color=stroke.color, alpha=stroke.alpha, linewidth=points(stroke.width))


def _single_points(axes: Axes, line: Line, stroke: Stroke) -> None:
    at, size = line.single, points(max(stroke.width, _SINGLE_POINT))
    (dots,) = axes.plot(line.times[at], line.values[at], "o", markersize=size, markeredgewidth=0)
    dots.set(color=stroke.color, alpha=stroke.alpha)


def _area_alpha(line: Line, look: Look) -> float:
    if look.area_alpha is not None:
        return look.area_alpha
    return _STACK_ALPHA if line.options.get("stacked", False) else _AREA_ALPHA


def _within(line: Line, key: str, default: float, most: float) -> float:
    value = float(line.options.get(key, default))
    return default if isnan(value) else min(max(value, 0.0), most)
