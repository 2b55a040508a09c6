"""A finder of graphite-web that serves arrays from memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphite.finders import match_entries
from graphite.finders.utils import BaseFinder
from graphite.intervals import Interval, IntervalSet
from graphite.node import BranchNode, LeafNode

Values = list[float | None]
TimeInfo = tuple[int, int, int]


@dataclass(frozen=True)
class Array:
    """Values `step` seconds apart, the first at `start`."""

    start: int
    step: int
    values: Values

    def fetch(self, start: int, end: int) -> tuple[TimeInfo, Values]:
        """Return what is in [start, end); graphite-web's own finders answer for (start, end]."""
        first = -(-start // self.step)
        last = max(-(-end // self.step), first + 1)
        offset = self.start // self.step
        values = [self._at(place - offset) for place in range(first, last)]
        return (first * self.step, last * self.step, self.step), values

    def _at(self, place: int) -> float | None:
        return self.values[place] if 0 <= place < len(self.values) else None


ARRAYS: dict[str, Array] = {}


class _Reader:
    def __init__(self, array: Array) -> None:
        self._array = array

    def get_intervals(self) -> Any:  # noqa: ANN401 -- graphite-web has no types
        return IntervalSet([Interval(0, 2**32)])

    def fetch(self, start: float, end: float, *_others: object) -> tuple[TimeInfo, Values]:
        return self._array.fetch(int(start), int(end))


class MemoryFinder(BaseFinder):  # type: ignore[misc]
    """Finds the names of ARRAYS, one glob a node."""

    def get_index(self, **_context: object) -> list[str]:
        """Return all leaves."""
        return sorted(ARRAYS)

    def find_nodes(self, query: Any) -> Iterator[Any]:  # noqa: ANN401
        """Yield the nodes that match a query: one that is a branch and a leaf comes as both."""
        globs = query.pattern.split(".")
        names = {tuple(name.split(".")) for name in ARRAYS}
        branches = {name[: len(globs)] for name in names if len(name) > len(globs)}
        for path in _matching(branches, globs):
            yield BranchNode(".".join(path))
        for path in _matching({name for name in names if len(name) == len(globs)}, globs):
            name = ".".join(path)
            yield LeafNode(name, _Reader(ARRAYS[name]))


def _matching(paths: set[tuple[str, ...]], globs: list[str]) -> list[tuple[str, ...]]:
    for place, glob in enumerate(globs):
        nodes = set(match_entries(sorted({path[place] for path in paths}), glob))
        paths = {path for path in paths if path[place] in nodes}
    return sorted(paths)
