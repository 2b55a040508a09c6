"""What a request reads of each kind of series: one grid, of shape (series, points), a statistic."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar, cast

import numpy as np

from celeryscope import statistics
from celeryscope.graphite.kept import KeptGrids, Read
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Scalars, Series, Store, Timers, Window

T = TypeVar("T")


class Grids:
    """Reads nothing twice for one request, nor what is kept of others."""

    def __init__(self, store: Store, kept: KeptGrids) -> None:
        self._store = store
        self._settled = store.settled()
        self._kept = kept
        self._own: dict[Hashable, object] = {}
        self._last_timers: tuple[Hashable, Timers] | None = None

    def totals(self, series: Sequence[Series], window: Window) -> Floats:
        """Return what counters counted."""
        return self._read("total", series, window, lambda part: self._scalars(series, part).total)

    def means(self, series: Sequence[Series], window: Window) -> Floats:
        """Return gauges' averages."""
        return self._read("mean", series, window, lambda part: self._scalars(series, part).mean)

    def sizes(self, series: Sequence[Series], window: Window) -> Floats:
        """Return how large sets became."""
        return self._read("size", series, window, lambda part: self._scalars(series, part).high)

    def points(self, series: Sequence[Series], window: Window) -> Floats:
        """Return plain series, which others may change at any time."""
        return self._once(
            ("points", _ids(series), window), lambda: self._store.points(series, window)
        )

    def statistic(self, name: str, series: Sequence[Series], window: Window) -> Floats:
        """Return one statistic of timers."""
        reading = statistics.reading(name)
        if reading is None:
            raise LookupError(name)

        def read(part: Window) -> Floats:
            timers = self._timers(series, part)
            seconds = _known_seconds(series, part, self.covered(part)).ravel()
            return timers.grid(reading(timers.cells, seconds))

        return self._read(("timer", name), series, window, read)

    def covered(self, window: Window) -> Floats:
        """Return for each interval the seconds in which the server listened."""
        grid = self._read("covered", (), window, lambda part: self._store.covered(part)[None, :])
        return grid.ravel()

    def _read(self, what: Hashable, series: Sequence[Series], window: Window, read: Read) -> Floats:
        key = (what, _ids(series))
        return self._once((key, window), lambda: self._kept.read(key, window, self._settled, read))

    def _scalars(self, series: Sequence[Series], window: Window) -> Scalars:
        return self._once(
            ("scalars", _ids(series), window), lambda: self._store.scalars(series, window)
        )

    def _timers(self, series: Sequence[Series], window: Window) -> Timers:
        """Return what was read last, or read it in its place: it is too large to keep them all."""
        key = (_ids(series), window)
        if self._last_timers is None or self._last_timers[0] != key:
            self._last_timers = None
            self._last_timers = key, self._store.timers([[one] for one in series], window)
        return self._last_timers[1]

    def _once(self, key: Hashable, read: Callable[[], T]) -> T:
        if key not in self._own:
            self._own[key] = read()
        return cast("T", self._own[key])


def _ids(series: Sequence[Series]) -> tuple[int, ...]:
    return tuple(one.id for one in series)


def _known_seconds(series: Sequence[Series], window: Window, covered: Floats) -> Floats:
    """Return the seconds listened to in each interval of each series, from its first on."""
    ends = window.start + window.step * np.arange(1, window.points + 1)
    first_seen = np.array([one.first_seen for one in series])
    return np.where(ends > first_seen[:, None], covered, 0.0)
