"""The run-time heatmap: a sketch's buckets regrouped into rows with round bounds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from celeryscope.sketch import Counts, Distributions, Floats, value_of
from celeryscope.web import units

# Renard's R10 series: round numbers, evenly far apart on a logarithmic scale.
_ROUND = (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)
_BOUNDS_MS = np.array([number * 10.0**power for power in range(-2, 9) for number in _ROUND])
_MOST_COLUMNS = 90
_LEAST_ROWS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Runs by time and duration.

    Column i holds the `width` intervals from `i * width`; row j the runs from `bounds[j]` to
    `bounds[j + 1]` milliseconds. `cells` lists those with runs as (column, row, runs).
    """

    width: int
    bounds: list[float]
    cells: list[tuple[int, int, int]]

    @property
    def drawn(self) -> bool:
        return bool(self.cells)

    @property
    def summary(self) -> str:
        """Say in words where most runs lie."""
        by_row = np.zeros(max(len(self.bounds) - 1, 1))
        for _, row, runs in self.cells:
            by_row[row] += runs
        row = int(by_row.argmax())
        share = by_row[row] / max(by_row.sum(), 1)
        low, high = self.bounds[row : row + 2] if self.cells else (0.0, 0.0)
        return f"Most runs, {share:.0%}, took {units.duration(low)} to {units.duration(high)}."

    def data(self, start: int, step: int) -> dict[str, Any]:
        """Return what the page's script draws."""
        return {
            "unit": "runs",
            "start": start,
            "width": self.width * step,
            "bounds": self.bounds,
            "cells": self.cells,
        }


def heatmap(cells: Distributions) -> Heatmap:
    """Regroup one cell an interval, of times in ms."""
    points = cells.samples.size
    width = max(-(-points // _MOST_COLUMNS), 1)
    columns = np.repeat(np.arange(points), np.diff(cells.offsets)) // width
    rows = _rows(value_of(cells.buckets))
    grid = np.zeros((-(-points // width), _BOUNDS_MS.size + 1), dtype=np.int64)
    np.add.at(grid, (columns, rows), cells.counts)
    return _framed(grid, width)


def _rows(values: Floats) -> Counts:
    return np.searchsorted(_BOUNDS_MS, values, side="right").astype(np.int64)


def _framed(grid: Counts, width: int) -> Heatmap:
    used = np.flatnonzero(grid.any(axis=0))
    if not used.size:
        return Heatmap(width, [], [])
    low = max(int(used[0]) - 1, 1)
    high = min(max(int(used[-1]) + 1, low + _LEAST_ROWS), _BOUNDS_MS.size - 1)
    column, row = np.nonzero(grid)
    place = np.clip(row - low, 0, high - low)
    cells = zip(column.tolist(), place.tolist(), grid[column, row].tolist(), strict=True)
    return Heatmap(width, _BOUNDS_MS[low - 1 : high + 1].tolist(), list(cells))
