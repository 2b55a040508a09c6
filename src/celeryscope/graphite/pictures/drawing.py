"""Draws series as a picture, with matplotlib."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from threading import Lock

import numpy as np

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.pictures import strokes
from celeryscope.graphite.pictures.legend import legend
from celeryscope.graphite.pictures.lines import Line, lines
from celeryscope.graphite.pictures.look import Look
from celeryscope.graphite.pictures.sheet import Sheet
from celeryscope.graphite.pictures.value_axis import Range, value_range
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from celeryscope.sketch import Floats

MOST_SERIES = 500
_MOST_IN_LEGEND = 10
_PATIENCE_SECONDS = 0.1

_NO_METADATA = {"png": {"Software": None}, "svg": {"Creator": None, "Date": None}}

_one_at_a_time = Lock()  # matplotlib may not be used by two threads, and pictures take memory


def drawn(kind: str, series: Sequence[TimeSeries], span: Span, look: Look, budget: Budget) -> bytes:
    """Return a picture of series, a PNG or SVG by its `kind`.

    Raises:
        RequestError: There are too many series, or one is to have a color that there is not.
        LimitError: It takes longer than the budget lasts.
    """
    if len(series) > MOST_SERIES:
        raise RequestError(
            f"there are {len(series):,} series to draw; allowed are {MOST_SERIES} in a picture"
        )
    with _turn(budget), np.errstate(all="ignore"):
        content = io.BytesIO()
        figure = _sheet(series, span, look, budget).figure
        budget.check()
        figure.savefig(content, format=kind, metadata=_NO_METADATA[kind])
        return content.getvalue()


@contextmanager
def _turn(budget: Budget) -> Iterator[None]:
    while not _one_at_a_time.acquire(timeout=_PATIENCE_SECONDS):
        budget.check()
    try:
        yield
    finally:
        _one_at_a_time.release()


def _sheet(series: Sequence[TimeSeries], span: Span, look: Look, budget: Budget) -> Sheet:
    seen = [line for line in lines(series, look) if line.seen]
    styles = strokes.strokes(seen, look)
    sheet = Sheet(look)
    shown = _legend_shown(look, len(seen))
    keys = [strokes.key(line, style) for line, style in zip(seen, styles, strict=True)]
    named = [(line.name, key) for line, key in zip(seen, keys, strict=True)] if shown else []
    below = legend(named, sheet.ruler, sheet.width, look.height)
    second = _on_the_second_axis(seen)
    both = sheet.axes(span, _ranges(seen, second, look), below)
    for line, style, right in zip(seen, styles, second, strict=True):
        budget.check()
        strokes.draw(both[right], line, style)
    if not any(np.isfinite(line.values).any() for line in seen):
        sheet.say("no data", both[0])
    return sheet


def _legend_shown(look: Look, entries: int) -> bool:
    return entries <= _MOST_IN_LEGEND if look.legend is None else look.legend


def _on_the_second_axis(seen: Sequence[Line]) -> list[bool]:
    """Return which lines belong there; if all do, they have the first to themselves."""
    asked = [bool(line.options.get("secondYAxis", False)) for line in seen]
    return [False] * len(seen) if all(asked) else asked


def _ranges(seen: Sequence[Line], second: Sequence[bool], look: Look) -> list[Range]:
    on_left = [line for line, right in zip(seen, second, strict=True) if not right]
    ranges = [value_range(_values(on_left), look.y_min, look.y_max)]
    if any(second):
        ranges.append(value_range(_values(compress(seen, second))))
    return ranges


def _values(seen: Iterable[Line]) -> list[Floats]:
    """Return all that an axis has to reach: events have its whole height, whatever it is."""
    measured = [line for line in seen if not line.event]
    bases = [line.base for line in measured if line.base is not None]
    return [*(line.values for line in measured), *bases]
