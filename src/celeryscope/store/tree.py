"""The names of all series: as trees, one for each kind, and by tags."""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

from celeryscope.metrics import Kind
from celeryscope.store.protocol import Node, Series
from celeryscope.store.tagindex import TagIndex
from celeryscope.store.tagnames import SEPARATOR
from celeryscope.store.trie import Trie


class NameTree:
    """Holds every series by name; safe to search while another thread adds.

    Those with tags stand in `tags` alone, since no glob is to find a thousand hosts.
    """

    def __init__(self) -> None:
        self.tags = TagIndex()
        self._tries = {kind: Trie() for kind in Kind}
        self._series: dict[Kind, dict[str, Series]] = {kind: {} for kind in Kind}
        self._lock = Lock()

    def __len__(self) -> int:
        return sum(map(len, self._series.values()))

    def __iter__(self) -> Iterator[Series]:
        return (one for named in self._series.values() for one in list(named.values()))

    def get(self, kind: Kind, name: str) -> Series | None:
        return self._series[kind].get(name)

    def named(self, kind: Kind) -> Mapping[str, Series]:
        """Return the series of a kind by name."""
        return self._series[kind]

    def add(self, series: Series) -> None:
        with self._lock:
            if SEPARATOR in series.name:
                self.tags.add(series)
            else:
                self._tries[series.kind].add(series.name.split("."), series)
            self._series[series.kind][series.name] = series

    def remove(self, series: Series) -> None:
        """Take a series out, and the branches that lead to no other."""
        with self._lock:
            del self._series[series.kind][series.name]
            if SEPARATOR in series.name:
                self.tags.remove(series)
            else:
                self._tries[series.kind].remove(series.name.split("."))

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        """Return the nodes that match one glob for each path node, ordered by path."""
        with self._lock:
            return self._tries[kind].find(pattern)
