"""Series by the nodes of their paths, searched by one glob for each node."""

from collections.abc import Iterator, Sequence

from celeryscope.store.glob import ANY_DEPTH, is_literal, matcher
from celeryscope.store.protocol import Node, Series


class _Branch:
    __slots__ = ("children", "series")

    def __init__(self) -> None:
        self.children: dict[str, _Branch] = {}
        self.series: Series | None = None


_Found = tuple[tuple[str, ...], _Branch]


class Trie:
    """Holds at most one series a path; not safe to change while it is searched."""

    def __init__(self) -> None:
        self._root = _Branch()

    def add(self, path: Sequence[str], series: Series) -> None:
        branch = self._root
        for node in path:
            branch = branch.children.setdefault(node, _Branch())
        branch.series = series

    def remove(self, path: Sequence[str]) -> None:
        """Take out what is at a path, and the branches that lead to nothing else."""
        branches = [self._root]
        for node in path:
            branches.append(branches[-1].children[node])
        branches[-1].series = None
        for parent, node, child in zip(branches[-2::-1], path[::-1], branches[:0:-1], strict=True):
            if child.series is None and not child.children:
                del parent.children[node]

    def find(self, pattern: Sequence[str]) -> list[Node]:
        """Return the nodes that match, ordered by path; none for an empty pattern."""
        if not pattern:
            return []
        found: dict[tuple[str, ...], _Branch] = {(): self._root}
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
