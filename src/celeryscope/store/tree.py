"""The names of all series as trees, one for each kind, searched by globs."""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

from celeryscope.metrics import Kind
from celeryscope.store.glob import ANY_DEPTH, is_literal, matcher
from celeryscope.store.protocol import Node, Series


class _Branch:
    __slots__ = ("children", "series")

    def __init__(self) -> None:
        self.children: dict[str, _Branch] = {}
        self.series: Series | None = None


_Found = tuple[tuple[str, ...], _Branch]


class NameTree:
    """Holds every series by name; safe to search while another thread adds."""

    def __init__(self) -> None:
        self._roots = {kind: _Branch() for kind in Kind}
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
            branch = self._roots[series.kind]
            for node in series.name.split("."):
                branch = branch.children.setdefault(node, _Branch())
            branch.series = series
            self._series[series.kind][series.name] = series

    def remove(self, series: Series) -> None:
        """Take a series out, and the branches that lead to no other."""
        with self._lock:
            del self._series[series.kind][series.name]
            nodes = series.name.split(".")
            branches = [self._roots[series.kind]]
            for node in nodes:
                branches.append(branches[-1].children[node])
            branches[-1].series = None
            for parent, node, child in zip(
                branches[-2::-1], nodes[::-1], branches[:0:-1], strict=True
            ):
                if child.series is None and not child.children:
                    del parent.children[node]

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        """Return the nodes that match one glob for each path node, ordered by path."""
        if not pattern:
            return []
        with self._lock:
            found: dict[tuple[str, ...], _Branch] = {(): self._roots[kind]}
            for glob in pattern:
                found = {path: b for item in found.items() for path, b in _step(item, glob)}
            return [
                Node(path, branch.series, bool(branch.children))
                for path, branch in sorted(found.items(), key=lambda item: item[0])
            ]


def _step(start: _Found, glob: str) -> Iterator[_Found]:
    path, branch = start
    if glob == ANY_DEPTH:
        yield from _below(start)
    elif is_literal(glob):
        if child := branch.children.get(glob):
            yield (*path, glob), child
    else:
        matches = matcher(glob)
        yield from (((*path, n), child) for n, child in branch.children.items() if matches(n))


def _below(start: _Found) -> Iterator[_Found]:
    stack = [start]
    while stack:
        path, branch = stack.pop()
        for name, child in branch.children.items():
            yield (*path, name), child
            stack.append(((*path, name), child))
