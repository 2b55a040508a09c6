"""Functions that choose how values merge, which series stand in, and what legends show."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from celeryscope.graphite.aggregates import CONSOLIDATIONS, Aggregate, greatest, last, least
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import NODE, SERIES, SHARE, TEXT, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.units import UNIT_SYSTEMS, with_unit

_SERIES = Parameter("seriesList", SERIES)
_GAP = 3


@function(
    "consolidateBy",
    "Special",
    _SERIES,
    Parameter("consolidationFunc", TEXT, options=(*CONSOLIDATIONS, "avg")),
    raw=True,
)
def consolidate_by(_context: Context, series: list[TimeSeries], method: str) -> list[TimeSeries]:
    """Merge the values that share a point by another method than that of their kind."""
    own = "average" if method == "avg" else method
    return [
        one.derived(f'consolidateBy({one.name},"{method}")', one.values, method=own).tagged(
            consolidateBy=method
        )
        for one in series
    ]


@function("cumulative", "Special", _SERIES, raw=True)
def cumulative(context: Context, series: list[TimeSeries]) -> list[TimeSeries]:
    """Add up the values that share a point."""
    return consolidate_by.code(context, series, "sum")


@function(
    "setXFilesFactor",
    "Special",
    _SERIES,
    Parameter("xFilesFactor", SHARE),
    raw=True,
    aliases=("xFilesFactor",),
)
def set_x_files_factor(
    _context: Context, series: list[TimeSeries], share: float
) -> list[TimeSeries]:
    """Merge values only where at least this share of them, from 0 to 1, is known."""
    return [replace(one, xff=share).tagged(xFilesFactor=share) for one in series]


@function("fallbackSeries", "Special", _SERIES, Parameter("fallback", SERIES))
def fallback_series(
    _context: Context, series: list[TimeSeries], fallback: list[TimeSeries]
) -> list[TimeSeries]:
    """Show other series if there are none."""
    return series or fallback


@function(
    "substr",
    "Special",
    _SERIES,
    Parameter("start", NODE, required=False, default=0),
    Parameter("stop", NODE, required=False, default=0),
)
def substr(_context: Context, series: list[TimeSeries], start: int, stop: int) -> list[TimeSeries]:
    """Show only the nodes from `start` up to `stop`, both counted as in slices; 0 is the end."""
    return [one.named(_cut(one.name, start, stop)) for one in series]


@function(
    "cactiStyle",
    "Special",
    _SERIES,
    Parameter("system", TEXT, required=False, options=tuple(UNIT_SYSTEMS)),
    Parameter("units", TEXT, required=False),
)
def cacti_style(
    _context: Context, series: list[TimeSeries], system: str | None, units: str | None
) -> list[TimeSeries]:
    """Add the last, highest and lowest value to the name, in columns."""
    if not series:
        return []
    longest = max(len(one.name) for one in series)
    columns = [
        _column(series, aggregate, lambda value: with_unit(value, system, units or ""))
        for aggregate in (last, greatest, least)
    ]
    return [
        one.named(f"{one.name:<{longest}} Current:{now} Max:{high} Min:{low} ")
        for one, now, high, low in zip(series, *columns, strict=True)
    ]


def _cut(name: str, start: int, stop: int) -> str:
    """Take the nodes of what stands within the innermost parentheses, up to the first comma."""
    left, right = name.rfind("(") + 1, name.find(")")
    path = name[left : right if right >= 0 else None]
    return ".".join(path.split(".")[start : stop or None]).partition(",")[0]


def _column(
    series: list[TimeSeries], aggregate: Aggregate, show: Callable[[float], str]
) -> list[str]:
    values = [float(aggregate(one.values, 0)) for one in series]
    width = _GAP + max(len(show(_whole(value))) for value in values)
    return [f"{'nan' if np.isnan(value) else show(value):<{width}}" for value in values]


def _whole(value: float) -> float:
    """Return what a column's width goes by: the whole part, 3 in place of nothing."""
    return _GAP if np.isnan(value) or value == 0 else float(np.trunc(value)) + 0.0
