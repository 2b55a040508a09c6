"""Grids that were read lately: a dashboard asks for the same series again and again.

Of a range that has moved on only what is new is read. Nothing is kept of what may still change.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from celeryscope.sketch import Floats
from celeryscope.store.protocol import Settled, Window

MAX_BYTES = 64 * 2**20

_ENTRY_BYTES = 1000
_ROW_BYTES = 8
"""What a grid takes beside its values: its key names the series of every row."""

Read = Callable[[Window], Floats]
"""Reads a grid of shape (series, points)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Columns `step` seconds apart from `start` on, all of them settled in `version`."""

    start: int
    step: int
    values: Floats
    version: int

    @property
    def points(self) -> int:
        return int(self.values.shape[1])

    @property
    def size(self) -> int:
        return self.values.nbytes + len(self.values) * _ROW_BYTES + _ENTRY_BYTES

    def head(self, window: Window) -> Floats:
        """Return the columns that a window begins with; none if its start is not here."""
        first = (window.start - self.start) // self.step
        return self.values[:, first : first + window.points] if first >= 0 else self.values[:, :0]

    def followed_by(self, other: "_Grid") -> "_Grid":
        """Return what a grid that begins within this one adds to it; the oldest columns give way.

        As many stay as either has, so that a long range is not lost to a short one.
        """
        before = self.values[:, : (other.start - self.start) // self.step]
        room = max(self.points, other.points) - other.points
        before = before[:, max(before.shape[1] - room, 0) :]
        values = np.hstack([before, other.values])
        end = other.start + other.points * other.step
        return replace(other, start=end - values.shape[1] * other.step, values=values)


class KeptGrids:
    """Keeps grids up to some bytes, those used last; safe to use from many threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._grids: OrderedDict[Hashable, _Grid] = OrderedDict()
        self._lock = Lock()

    def read(self, what: Hashable, window: Window, settled: Settled, read: Read) -> Floats:
        """Return a window's grid; `read` gives what is not here, after `settled` was asked for."""
        if window.start % window.step:
            return read(window)
        key = (what, window.step, window.tier, window.archive)
        held = self._get(key, settled.version)
        head = np.empty((0, 0)) if held is None else held.head(window)
        known = head.shape[1]
        if known == window.points:
            return head
        rest = read(_without(window, known))
        grid = np.hstack([head, rest]) if known else rest
        ended = (int(settled.until) - window.start) // window.step
        if ended > known:
            new = _Grid(window.start, window.step, grid[:, :ended].copy(), settled.version)
            self._put(key, held.followed_by(new) if held and known else new)
        return grid

    def _get(self, key: Hashable, version: int) -> _Grid | None:
        with self._lock:
            held = self._grids.get(key)
            if held is None or held.version != version:
                return None
            self._grids.move_to_end(key)
            return held

    def _put(self, key: Hashable, grid: _Grid) -> None:
        # Those who get a grid share it.
        grid.values.flags.writeable = False
        with self._lock:
            self._drop(key)
            self._grids[key] = grid
            self._bytes += grid.size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._grids)))

    def _drop(self, key: Hashable) -> None:
        if (dropped := self._grids.pop(key, None)) is not None:
            self._bytes -= dropped.size


def _without(window: Window, points: int) -> Window:
    """Return the window without its first points."""
    start = window.start + points * window.step
    return replace(window, start=start, points=window.points - points)
