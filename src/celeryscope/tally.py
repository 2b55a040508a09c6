"""Counts that one thread makes and another one takes."""

from collections.abc import Iterable


class Tally:
    """Counts by name; the names are known from the start, so that threads need no lock."""

    def __init__(self, names: Iterable[str]) -> None:
        self._counts = dict.fromkeys(names, 0)
        self._told = self._counts.copy()

    def add(self, name: str, count: int = 1) -> None:
        self._counts[name] += count

    def take(self) -> dict[str, int]:
        """Return what was counted since the last call."""
        counts = self._counts.copy()
        new = {name: count - self._told[name] for name, count in counts.items()}
        self._told = counts
        return new
