"""This project's engine over arrays: all of it but the reading of paths from a store."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.fetch import Fetcher
from celeryscope.graphite.kept import KeptGrids
from celeryscope.graphite.namespace import Namespace, split
from celeryscope.graphite.series import TimeSeries
from celeryscope.store.glob import Matcher, matcher
from celeryscope.store.protocol import Window
from support.fake_store import FakeStore


class ArrayFetcher(Fetcher):
    """Finds series by glob among arrays, each at its own step."""

    finest = 10

    def __init__(self, arrays: Mapping[str, TimeSeries], budget: Budget) -> None:
        store = FakeStore()
        super().__init__(store, Namespace(store, ()), KeptGrids(), budget)
        self._arrays = arrays

    def window(self, start: int, end: int, _points: int | None = None) -> Window:
        first = start // self.finest * self.finest
        return Window(first, self.finest, -(-(end - first) // self.finest), self.finest)

    def series(self, expression: str, window: Window, xff: float = 0.0) -> list[TimeSeries]:
        globs = [matcher(glob) for glob in split(expression)]
        names = [name for name in sorted(self._arrays) if _matches(globs, name.split("."))]
        self._budget.charge(len(names) * window.points)
        return [
            replace(_cut(self._arrays[name], window), path=expression, xff=xff) for name in names
        ]


def _matches(globs: list[Matcher], nodes: list[str]) -> bool:
    return len(globs) == len(nodes) and all(
        glob(node) for glob, node in zip(globs, nodes, strict=True)
    )


def _cut(series: TimeSeries, window: Window) -> TimeSeries:
    first = -(-window.start // series.step)
    last = max(-(-window.end // series.step), first + 1)
    held = series.start // series.step
    places = np.arange(first - held, last - held)
    known = (places >= 0) & (places < series.values.size)
    values = np.where(known, series.values.take(places, mode="clip"), np.nan)
    return replace(series, start=first * series.step, values=values)
