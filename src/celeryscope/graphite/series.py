"""A line on a chart: evenly spaced values under a name, and how to bring them on another grid."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import lcm
from typing import Self

import numpy as np
from numpy.typing import NDArray

from celeryscope.graphite.aggregates import CONSOLIDATIONS
from celeryscope.graphite.errors import ArgumentError
from celeryscope.sketch import Floats

_LONGEST_STEP = 2**40

Option = str | float | bool


@dataclass(frozen=True, slots=True, eq=False)
class TimeSeries:
    """Values `step` seconds apart, NaN where nothing is known.

    A value carries the start of its interval: the first is for `start` up to `start + step`.
    graphite-web answers for (from, until], here it is [from, until). `path` is the expression in
    the target that the series came from, `method` how several of its values become one, `xff`
    which share of them has to be known for that, and `options` say how to draw it.
    """

    name: str
    start: int
    step: int
    values: Floats
    method: str = "average"
    path: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    xff: float = 0.0
    options: dict[str, Option] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return self.start + self.step * self.values.size

    @property
    def times(self) -> NDArray[np.int64]:
        """The start of each value's interval."""
        times: NDArray[np.int64] = self.start + self.step * np.arange(self.values.size)
        return times

    def named(self, name: str) -> Self:
        return replace(self, name=name)

    def since(self, time: int) -> Self:
        """Return the series from the value on that is for a time not before its start."""
        steps = max((time - self.start) // self.step, 0)
        return replace(self, start=self.start + steps * self.step, values=self.values[steps:])

    def tagged(self, **tags: object) -> Self:
        return replace(self, tags=self.tags | {tag: str(value) for tag, value in tags.items()})

    def drawn(self, **options: Option) -> Self:
        return replace(self, options=self.options | options)

    def derived(self, name: str, values: Floats, **changes: object) -> Self:
        """Return what a function made of this series, under the expression that made it."""
        return replace(self, name=name, path=name, values=values, **changes)  # type: ignore[arg-type]


def consolidated(series: TimeSeries, points: int) -> TimeSeries:
    """Merge adjacent values by the series' own method until at most `points` are left.

    Merged intervals lie on multiples of their length, so that they do not change as the range
    moves on; a single one starts where the series does.
    """
    if series.values.size <= points:
        return series
    if points == 1:
        return regrid(series, series.start, series.step * series.values.size, 1)
    first, size = series.start // series.step, series.values.size
    merged = -(-size // points)
    while -(-(first % merged + size) // merged) > points:
        merged += 1
    lead = first % merged
    step = merged * series.step
    return regrid(series, series.start - lead * series.step, step, -(-(lead + size) // merged))


def regrid(series: TimeSeries, start: int, step: int, count: int) -> TimeSeries:
    """Put the values on another grid; those that share an interval merge by the own method."""
    laid_out = by_interval(series, start, step, count)
    values = CONSOLIDATIONS[series.method](laid_out, 1)
    return replace(series, start=start, step=step, values=enough(series, laid_out, step, values))


def enough(series: TimeSeries, laid_out: Floats, step: int, merged: Floats) -> Floats:
    """Drop what was merged from fewer known values than the series asks for (`xff`)."""
    if not series.xff:
        return merged
    known = np.count_nonzero(~np.isnan(laid_out), axis=1)
    return np.where(known * series.step < series.xff * step, np.nan, merged)


def by_interval(series: TimeSeries, start: int, step: int, count: int) -> Floats:
    """Lay the values out by interval: one row each from its left, only as wide as the fullest."""
    width, uneven = divmod(step, series.step)
    lead, off = divmod(series.start - start, series.step)
    size = series.values.size
    one_is_full = size >= 2 * width - 1
    if not uneven and not off and one_is_full and 0 <= lead <= count * width - size:
        return _by_whole_steps(series.values, lead, width, count)
    row = places(series, start, step)
    column = np.arange(row.size) - np.searchsorted(row, row)
    laid_out = np.full((count, int(column.max(initial=0)) + 1), np.nan)
    laid_out[row, column] = series.values
    return laid_out


def _by_whole_steps(values: Floats, lead: int, width: int, count: int) -> Floats:
    """Lay values out that begin `lead` steps after the first of the rows, each of `width` steps."""
    into_row, head = lead % width, -lead % width
    laid_out = np.full(count * width, np.nan)
    laid_out[lead - into_row :][:head] = values[:head]
    laid_out[lead + head :][: values.size - head] = values[head:]
    return laid_out.reshape(count, width)


def places(series: TimeSeries, start: int, step: int) -> NDArray[np.int64]:
    """Return for each value the interval it is in, counted from the one at `start`."""
    row: NDArray[np.int64] = series.start - start + series.step * np.arange(series.values.size)
    return row // step


def aligned(series: Sequence[TimeSeries]) -> list[TimeSeries]:
    """Bring series on the one grid that all of them fit on.

    Raises:
        ArgumentError: Its intervals would be longer than centuries.
    """
    if len({(one.start, one.step, one.values.size) for one in series}) <= 1:
        return list(series)
    step = lcm(*(one.step for one in series))
    if step > _LONGEST_STEP:
        raise ArgumentError("the series have intervals that do not fit together")
    start = min(one.start for one in series)
    count = -(-(max(one.end for one in series) - start) // step)
    return [regrid(one, start, step, count) for one in series]


def stacked(series: Sequence[TimeSeries]) -> Floats:
    """Return the values of aligned series as an array of shape (series, points)."""
    return np.stack([one.values for one in series])
