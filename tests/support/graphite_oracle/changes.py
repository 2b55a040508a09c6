"""What a deviation does to a line of graphite-web's, where all else of it must be equal."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from celeryscope.sketch import Floats
from support.graphite_oracle.comparison import Line
from support.graphite_oracle.deviations import Case

_SIX_DECIMALS = 5.1e-7
_HALF_A_MINUTE = 30  # what is left of 90 s on a grid of minutes


@dataclass(frozen=True)
class Change:
    """A reason, functions and arguments it is seen in, and their line without it.

    `undo` gets our line first.
    """

    why: str
    functions: str
    arguments: str
    undo: Callable[[Line, Line], Line]


def _unrounded(ours: Line, theirs: Line) -> Line:
    return _taken(ours, theirs, lambda here, there: np.abs(here - there) <= _SIX_DECIMALS)


def _exact_at_zero(ours: Line, theirs: Line) -> Line:
    def same(here: Floats, there: Floats) -> NDArray[np.bool_]:
        close: NDArray[np.bool_] = np.isclose(here, there, rtol=1e-3)
        return close | ((here < 1e-4) & (np.isnan(there) | (there < 1e-4)))

    return _taken(ours, theirs, same)


def _exact_line(ours: Line, theirs: Line) -> Line:
    return _taken(ours, theirs, lambda here, there: np.isclose(here, there, rtol=1e-6, atol=1e-6))


def _taken(ours: Line, theirs: Line, same: Callable[[Floats, Floats], NDArray[np.bool_]]) -> Line:
    """Take our values where they are the same but for the deviation."""
    if ours.values.shape != theirs.values.shape:
        return theirs
    values = np.where(same(ours.values, theirs.values), ours.values, theirs.values)
    return replace(theirs, values=values)


def _without_last_null(ours: Line, theirs: Line) -> Line:
    extra = len(theirs.times) == len(ours.times) + 1 and np.isnan(theirs.values[-1])
    return replace(theirs, times=theirs.times[:-1], values=theirs.values[:-1]) if extra else theirs


def _a_step_earlier(ours: Line, theirs: Line) -> Line:
    values = _unrounded(ours, replace(theirs, values=theirs.values[1:])).values
    return replace(theirs, times=theirs.times[:-1], values=values)


def _on_the_grid(ours: Line, theirs: Line) -> Line:
    if len(ours.times) != len(theirs.times):
        return theirs
    off_by = set(np.subtract(theirs.times, ours.times).tolist())
    return replace(theirs, times=ours.times) if off_by == {_HALF_A_MINUTE} else theirs


CHANGES = [
    Change("nothing is rounded to six decimals", "perSecond|scaleToSeconds", "", _unrounded),
    Change(
        "an exponential moving average is that of its own time, not of the step before",
        "exponentialMovingAverage",
        "",
        _a_step_earlier,
    ),
    Change("there is no interval after the end", "summarize|hitcount", "", _without_last_null),
    Change("a standard deviation is exact, also close to zero", "stdev", "", _exact_at_zero),
    Change("a line is calculated around its middle", "linearRegression", "", _exact_line),
    Change(
        "what starts before the range is cut on the series' own grid",
        r"moving\w+|holtWinters\w+",
        ".*(minute|[*]).*90s",
        _on_the_grid,
    ),
]


def undone(case: Case, ours: Sequence[Line], theirs: Sequence[Line]) -> list[Line]:
    """Return graphite-web's lines as they would be without the deviations of a case."""
    lines = list(theirs)
    for change in CHANGES:
        call = rf"(?:{change.functions})\((?:{change.arguments})"
        if len(ours) == len(lines) and re.match(call, case.target):
            lines = [change.undo(*pair) for pair in zip(ours, lines, strict=True)]
    return lines
