"""The names that Graphite sees, laid over the store's series as node statsd's options say.

A name is found by a glob for each node; `**` stands for one or more nodes, wherever it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod

from celeryscope import statistics
from celeryscope.graphite.errors import RequestError, shown
from celeryscope.metrics import Kind
from celeryscope.namespace import DEFAULT_NAMING, LEAVES, Naming, View
from celeryscope.store.glob import ANY_DEPTH, MAX_CHOICES, is_literal, matcher, without_braces
from celeryscope.store.protocol import Series, Store

MAX_LEAVES = 1_000_000
_NODE = re.compile(r"(?:\{[^{}]*\}|[^.])+")
_CHOICES = re.compile(r"\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\(.)")


Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name that has values: a series and what is read from it ("" if it has but one value)."""

    path: Pattern
    series: Series
    statistic: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Branch:
    """A name that has names below it."""

    path: Pattern


def split(text: str) -> Pattern:
    """Split a path expression into one glob a node; a dot between braces does not part nodes.

    Raises:
        RequestError: A node has more choices than are looked for.
    """
    pattern = tuple(_NODE.findall(_ESCAPED.sub(_unescape, text)))
    for glob in pattern:
        _check_choices(glob)
    return pattern


class Namespace:
    """Finds names; `thresholds` are those whose statistics a glob matches.

    A statistic that is written out is found whatever its threshold.
    """

    def __init__(
        self, store: Store, thresholds: Iterable[float], naming: Naming = DEFAULT_NAMING
    ) -> None:
        self._store = store
        # Plain series first: where StatsD has the same path, it is StatsD's.
        self._views = (View(Kind.PLAIN, (), ""), *naming.views())
        self._leaves = {**LEAVES, Kind.TIMER: statistics.names(thresholds)}

    def leaves(self, pattern: Pattern) -> list[Leaf]:
        """Return the leaves that match, ordered by path.

        Raises:
            RequestError: They are more than one answer may hold.
        """
        matching = (
            leaf
            for view in self._views
            for below in _below(pattern, view.head)
            for leaf in self._leaves_below(view, below)
        )
        found = {leaf.path: leaf for leaf in islice(matching, MAX_LEAVES + 1)}
        if len(found) > MAX_LEAVES:
            raise RequestError(f"more than {MAX_LEAVES:,} names match; narrow the path")
        return [found[path] for path in sorted(found)]

    def branches(self, pattern: Pattern) -> list[Branch]:
        """Return the branches that match, ordered by path."""
        found = {path for view in self._views for path in self._branches_of(view, pattern)}
        return [Branch(path) for path in sorted(found)]

    def timers(self, pattern: Pattern) -> list[Series]:
        """Return the timers whose own name, without a statistic, matches."""
        found = {
            node.series.id: node.series
            for view in self._views
            if view.kind is Kind.TIMER
            for below in _below(pattern, view.head)
            for node in self._store.find(Kind.TIMER, below)
            if node.series
        }
        return list(found.values())

    def _leaves_below(self, view: View, below: Pattern) -> Iterator[Leaf]:
        if view.statistic is not None:
            for node in self._store.find(view.kind, below):
                if node.series:
                    yield Leaf((*view.head, *node.path), node.series, view.statistic)
            return
        for names, glob in _endings(below):
            read = self._statistics(view.kind, glob)
            for node in self._store.find(view.kind, names) if read else ():
                if node.series:
                    path = (*view.head, *node.path)
                    yield from (Leaf((*path, name), node.series, name) for name in read)

    def _statistics(self, kind: Kind, glob: str) -> list[str]:
        found = (name for choice in without_braces(glob) for name in self._matching(kind, choice))
        return list(dict.fromkeys(found))

    def _matching(self, kind: Kind, glob: str) -> list[str]:
        if kind is Kind.TIMER and is_literal(glob):
            return [glob] if statistics.reading(glob) else []
        return list(filter(matcher(glob), self._leaves[kind]))

    def _branches_of(self, view: View, pattern: Pattern) -> Iterator[Pattern]:
        for depth in range(1, len(view.head) + 1):
            path = view.head[:depth]
            if () in _below(pattern, path) and self._store.find(view.kind, ("*",)):
                yield path
        for below in _below(pattern, view.head):
            for node in self._store.find(view.kind, below):
                if node.has_children or view.statistic is None:
                    yield (*view.head, *node.path)


def _below(pattern: Pattern, path: Sequence[str]) -> set[Pattern]:
    """Return what is left of a pattern once its head has matched `path`, in every way it can."""
    rests = {pattern}
    for name in path:
        rests = {rest for before in rests for rest in _after(before, name)}
    return rests


def _after(pattern: Pattern, name: str) -> Iterator[Pattern]:
    if not pattern:
        return
    if pattern[0] == ANY_DEPTH:
        yield pattern
    if pattern[0] == ANY_DEPTH or matcher(pattern[0])(name):
        yield pattern[1:]


def _endings(pattern: Pattern) -> Iterator[tuple[Pattern, str]]:
    """Split a pattern into one for the series and one for its statistic, in every way it can."""
    if pattern:
        yield pattern[:-1], pattern[-1]
    if pattern[-1:] == (ANY_DEPTH,):
        yield pattern, "*"


def _check_choices(glob: str) -> None:
    choices = prod(1 + braces.count(",") for braces in _CHOICES.findall(glob))
    if choices > MAX_CHOICES:
        raise RequestError(
            f"path node {shown(glob)} has {choices} choices; allowed are {MAX_CHOICES} in a node"
        )


def _unescape(match: re.Match[str]) -> str:
    return f"[{match[1]}]" if match[1] in "*?[{}" else match[1]
