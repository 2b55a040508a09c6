"""Series as lines and areas: what is drawn where, before any of it has a color."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from celeryscope.graphite.pictures.look import Look
from celeryscope.graphite.series import Option, TimeSeries, aligned, consolidated
from celeryscope.sketch import Floats

_LARGEST = 1e100
"""Beyond it, what an axis reaches over cannot be calculated with any more."""

_MOST_VALUES = 200_000
"""Of all series together; an SVG of as many, stacked, has about 14 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Values at times, NaN for a gap; an area reaches from `base` up to them."""

    name: str
    times: Floats
    values: Floats
    base: Floats | None
    options: Mapping[str, Option]

    @property
    def single(self) -> NDArray[np.intp]:
        """Return where a value stands alone between gaps, so that no line leads through it."""
        gap = np.isnan(np.concatenate([[np.nan], self.values, [np.nan]]))
        return np.flatnonzero(gap[:-2] & ~gap[1:-1] & gap[2:])

    @property
    def event(self) -> bool:
        return bool(self.options.get("drawAsInfinite", False))

    @property
    def seen(self) -> bool:
        return not self.options.get("invisible", False)


def lines(series: Sequence[TimeSeries], look: Look) -> list[Line]:
    """Return the lines of series, none with more values than the picture is wide."""
    most = min(look.width, _MOST_VALUES // max(len(series), 1))
    fine = [_drawable(consolidated(one, most)) for one in series]
    laid_out = _stacked(fine) if look.area_mode == "stacked" else fine
    filled = {"none": 0, "first": 1}.get(look.area_mode, len(laid_out))
    shape = _SHAPES[look.line_mode]
    return [shape(line, one.step) for line, one in _with_bases(laid_out, filled)]


def _drawable(series: TimeSeries) -> TimeSeries:
    values = series.values
    return replace(series, values=np.where(np.abs(values) < _LARGEST, values, np.nan))


def _with_bases(series: Sequence[TimeSeries], filled: int) -> Iterator[tuple[Line, TimeSeries]]:
    """Yield lines; a stacked one is an area above the stacked one before it."""
    ground = np.zeros(0)
    below: tuple[Floats, Floats] = (ground, ground)
    for place, one in enumerate(series):
        times = one.start + one.step * np.arange(one.values.size, dtype=float)
        base = None
        if one.options.get("stacked", False):
            base = _under(times, *below)
            below = times, np.where(np.isnan(one.values), base, one.values)
        elif place < filled:
            base = np.zeros(times.size)
        yield Line(one.name, times, one.values, base, one.options), one


def _under(times: Floats, below_times: Floats, below: Floats) -> Floats:
    if not below.size:
        return np.zeros(times.size)
    under: Floats = np.interp(times, below_times, below)
    return under


def _stacked(series: Sequence[TimeSeries]) -> list[TimeSeries]:
    """Put each series on top of those before it, but for those that have a place of their own."""
    results = list(series)
    apart = ("stacked", "secondYAxis", "drawAsInfinite", "invisible")
    places = [place for place, one in enumerate(series) if not any(map(one.options.get, apart))]
    together = aligned([series[place] for place in places])
    total = np.zeros(together[0].values.size if together else 0)
    for place, one in zip(places, together, strict=True):
        total = total + np.nan_to_num(one.values)
        values = np.where(np.isnan(one.values), np.nan, total)
        results[place] = replace(one, values=values).drawn(stacked=True)
    return results


def _slope(line: Line, _step: int) -> Line:
    return line


def _connected(line: Line, _step: int) -> Line:
    known = ~np.isnan(line.values)
    base = None if line.base is None else line.base[known]
    return replace(line, times=line.times[known], values=line.values[known], base=base)


def _staircase(line: Line, step: int) -> Line:
    """Draw each value over all of its interval."""
    if line.event:
        return line
    edges = np.stack([line.times, line.times + step], axis=1).ravel()
    base = None if line.base is None else np.repeat(line.base, 2)
    return replace(line, times=edges, values=np.repeat(line.values, 2), base=base)


_SHAPES = {"slope": _slope, "staircase": _staircase, "connected": _connected}
