"""Time ranges: what a page may ask for, and the store's window that answers it."""

import re
from dataclasses import dataclass
from math import ceil, floor

from celeryscope.store.protocol import Store, Window

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
_RANGE = re.compile(r"([1-9][0-9]{0,5})([mhdwy])\Z")
_SHORTEST = 5 * 60
LONGEST = 366 * 86400

PRESETS = ("5m", "15m", "30m", "1h", "3h", "6h", "12h", "24h", "2d", "7d", "30d", "90d", "1y")
_WIDEST_BY_ITSELF = "6h"

MOST_POINTS = 370
_FEW_POINTS = 36
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)


class BadRangeError(ValueError):
    """A range that cannot be read; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in Unix seconds; `follows` tells whether its end is now."""

    start: float
    end: float
    follows: bool

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def before(self) -> "Span":
        """Return the span of equal length that ends where this one starts."""
        return Span(self.start - self.seconds, self.start, follows=False)

    def window(self, store: Store, points: int = MOST_POINTS) -> Window:
        """Return a window of round intervals, some `points` at most, that covers the span.

        An interval is never shorter than the flushes that fill it, lest most stay empty.
        """
        window = self._window(store, self._step(1, points))
        flush = float(store.covered(window).max())
        return self._window(store, self._step(flush, points)) if flush > window.step else window

    def coarse_window(self, store: Store) -> Window:
        """Return one interval as long as the span that ends at most a few percent before it."""
        step = self._step(1, _FEW_POINTS)
        points = max(ceil(self.seconds / step), 1)
        end = floor(self.end / step) * step
        return whole(store.window(end - points * step, end, points))

    def _window(self, store: Store, step: int) -> Window:
        end = ceil(self.end / step) * step
        points = max(ceil(self.seconds / step), 1)
        return store.window(end - points * step, end, points)

    def _step(self, least: float, points: int) -> int:
        few = (step for step in _STEPS if step >= least and self.seconds / step <= points)
        return next(few, _STEPS[-1])


def whole(window: Window) -> Window:
    """Return the same stretch of time as a single interval."""
    return Window(window.start, window.step * window.points, 1, window.tier)


def seconds_of(text: str) -> int:
    """Return the seconds of a range such as `5m`, `6h` or `1y`."""
    match = _RANGE.match(text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not _SHORTEST <= seconds <= LONGEST:
        raise BadRangeError("a number and m, h, d, w or y, from 5m to 1y")
    return seconds


def fitting_preset(age: float) -> str:
    """Return the shortest preset that shows `age` seconds of data, six hours at most."""
    usual = PRESETS[: PRESETS.index(_WIDEST_BY_ITSELF)]
    return next((text for text in usual if seconds_of(text) >= age), _WIDEST_BY_ITSELF)
