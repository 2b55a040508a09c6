"""How a picture is to look, read from the request for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from celeryscope.graphite.errors import RequestError, shown
from celeryscope.graphite.pictures import palette
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.units import UNIT_SYSTEMS

SMALLEST, LARGEST = 10, 4000
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?\Z"
)
_FLAGS = {
    **dict.fromkeys(("1", "true", "True", "on", "yes"), True),
    **dict.fromkeys(("0", "false", "False", "off", "no"), False),
}
_MOST_COLORS = 100
AREA_MODES = ("none", "first", "all", "stacked")
LINE_MODES = ("slope", "staircase", "connected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a picture is to look: lengths in pixels, colors as matplotlib takes them.

    None leaves it to the picture: the legend to how many series there are, the ends of the value
    axis to the values, the color of the text to the background's.
    """

    width: int = 330
    height: int = 250
    title: str = ""
    vtitle: str = ""
    background: str = "#ffffff"
    ink: str | None = None
    colors: tuple[str, ...] = ()
    area_mode: str = "none"
    area_alpha: float | None = None
    line_mode: str = "slope"
    line_width: float = 1.5
    y_min: float | None = None
    y_max: float | None = None
    unit_system: str = "si"
    legend: bool | None = None
    axes: bool = True
    grid: bool = True


def read_look(asked: Parameters) -> Look:
    """Return what a request's parameters say of the picture.

    Raises:
        RequestError: One of them is wrong.
    """
    usual, only_graph = Look(), _flag(asked, "graphOnly") or False
    low, high = _number(asked, "yMin"), _number(asked, "yMax")
    if low is not None and high is not None and low >= high:
        raise RequestError(f"yMin is {low:g} and yMax {high:g}; allowed is yMin below yMax")
    line_width = _number(asked, "lineWidth", 0, 100)
    hidden_legend = True if only_graph else _flag(asked, "hideLegend")
    return Look(
        width=_length(asked, "width", usual.width),
        height=_length(asked, "height", usual.height),
        title="" if only_graph else asked.one("title", ""),
        vtitle="" if only_graph else asked.one("vtitle", ""),
        background=_color(asked, "bgcolor") or usual.background,
        ink=_color(asked, "fgcolor"),
        colors=_colors(asked.one("colorList", "")),
        area_mode=_choice(asked, "areaMode", usual.area_mode, AREA_MODES),
        area_alpha=_number(asked, "areaAlpha", 0, 1),
        line_mode=_choice(asked, "lineMode", usual.line_mode, LINE_MODES),
        line_width=usual.line_width if line_width is None else line_width,
        y_min=low,
        y_max=high,
        unit_system=_choice(asked, "yUnitSystem", usual.unit_system, (*UNIT_SYSTEMS, "none")),
        legend=None if hidden_legend is None else not hidden_legend,
        axes=not (only_graph or _flag(asked, "hideAxes")),
        grid=not (only_graph or _flag(asked, "hideGrid")),
    )


def _length(asked: Parameters, key: str, default: int) -> int:
    length = asked.whole(key, default)
    if not SMALLEST <= length <= LARGEST:
        raise RequestError(f"{key} is {length}; allowed are {SMALLEST} to {LARGEST:,} pixels")
    return length


def _number(asked: Parameters, key: str, low: float = -1e100, high: float = 1e100) -> float | None:
    text = asked.one(key, "")
    if not text:
        return None
    number = float(text) if _NUMBER.match(text) else float("nan")
    if not (isfinite(number) and low <= number <= high):
        raise RequestError(f"{key} is {shown(text)}; allowed is a number from {low:g} to {high:g}")
    return number


def _flag(asked: Parameters, key: str) -> bool | None:
    if not asked.one(key, ""):
        return None
    return asked.choice(key, "", _FLAGS)


def _choice(asked: Parameters, key: str, default: str, choices: Iterable[str]) -> str:
    return asked.choice(key, default, {choice: choice for choice in choices})


def _color(asked: Parameters, key: str) -> str | None:
    text = asked.one(key, "")
    return palette.color(key, text) if text else None


def _colors(text: str) -> tuple[str, ...]:
    names = text.split(",") if text else []
    if len(names) > _MOST_COLORS:
        raise RequestError(f"colorList has {len(names)} colors; allowed are {_MOST_COLORS}")
    return tuple(palette.color("colorList", name) for name in names)
