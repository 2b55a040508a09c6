"""The series that have tags, `a.b;host=web1;zone=x`: by each tag and value, and by name."""

from collections.abc import Sequence
from threading import Lock

from celeryscope.metrics import Kind
from celeryscope.store.protocol import Series
from celeryscope.store.tagnames import SEPARATOR, tags_of
from celeryscope.store.trie import Trie

_ANY_TAGS = f"{SEPARATOR}*"


class TagIndex:
    """Holds series by tag; safe to search while another thread adds."""

    def __init__(self) -> None:
        self._by_tag: dict[str, dict[str, dict[int, Series]]] = {}
        self._by_name = {kind: Trie() for kind in Kind}
        self._lock = Lock()

    def add(self, series: Series) -> None:
        with self._lock:
            self._by_name[series.kind].add(_path(series), series)
            for tag, value in tags_of(series.name).items():
                self._by_tag.setdefault(tag, {}).setdefault(value, {})[series.id] = series

    def remove(self, series: Series) -> None:
        """Take a series out, and the tags and values that no other has."""
        with self._lock:
            self._by_name[series.kind].remove(_path(series))
            for tag, value in tags_of(series.name).items():
                values = self._by_tag[tag]
                del values[value][series.id]
                if not values[value]:
                    del values[value]
                if not values:
                    del self._by_tag[tag]

    def names(self) -> list[str]:
        """Return every tag but `name`, in order."""
        with self._lock:
            return sorted(self._by_tag)

    def values(self, tag: str) -> list[str]:
        """Return the values of a tag, in order."""
        with self._lock:
            return sorted(self._by_tag.get(tag, ()))

    def having(self, tag: str, value: str) -> list[Series]:
        """Return the series whose tag has this value."""
        with self._lock:
            return list(self._by_tag.get(tag, {}).get(value, {}).values())

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Series]:
        """Return the series whose name without tags matches a glob for each of its nodes."""
        with self._lock:
            found = self._by_name[kind].find((*pattern, _ANY_TAGS))
        return [node.series for node in found if node.series]


def _path(series: Series) -> list[str]:
    """Return the nodes of the name, then all tags as one more that no name has."""
    key, _, tags = series.name.partition(SEPARATOR)
    return [*key.split("."), SEPARATOR + tags]
