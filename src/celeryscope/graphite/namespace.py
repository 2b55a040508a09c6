"""The names that Graphite sees, laid over the store's series as node statsd writes them.

    stats.counters.<series>.{count,rate}    stats.gauges.<series>
    stats.timers.<series>.<statistic>       stats.sets.<series>.count

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
from celeryscope.store.glob import ANY_DEPTH, MAX_CHOICES, is_literal, matcher, without_braces
from celeryscope.store.protocol import Node, Series, Store

ROOT = "stats"
MAX_LEAVES = 1_000_000
COUNTER_LEAVES = ("count", "rate")
SET_LEAVES = ("count",)
_NODE = re.compile(r"(?:\{[^{}]*\}|[^.])+")
_CHOICES = re.compile(r"\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\(.)")

_STATSD = (Kind.COUNTER, Kind.TIMER, Kind.GAUGE, Kind.SET)

Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name that has values: a series and what is read from it ("" for a gauge)."""

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

    def __init__(self, store: Store, thresholds: Iterable[float]) -> None:
        self._store = store
        self._leaves = {
            Kind.COUNTER: COUNTER_LEAVES,
            Kind.TIMER: statistics.names(thresholds),
            Kind.SET: SET_LEAVES,
        }

    def leaves(self, pattern: Pattern) -> list[Leaf]:
        """Return the leaves that match, ordered by path.

        Raises:
            RequestError: They are more than one answer may hold.
        """
        matching = (
            leaf
            for kind in _STATSD
            for below in _below(pattern, (ROOT, kind.value))
            for leaf in self._leaves_below(kind, below)
        )
        found = {leaf.path: leaf for leaf in islice(matching, MAX_LEAVES + 1)}
        if len(found) > MAX_LEAVES:
            raise RequestError(f"more than {MAX_LEAVES:,} names match; narrow the path")
        return [found[path] for path in sorted(found)]

    def branches(self, pattern: Pattern) -> list[Branch]:
        """Return the branches that match, ordered by path."""
        found = {path for kind in _STATSD for path in self._branches_of(kind, pattern)}
        return [Branch(path) for path in sorted(found)]

    def timers(self, pattern: Pattern) -> list[Series]:
        """Return the timers whose own name, without a statistic, matches."""
        found = {
            node.series.id: node.series
            for below in _below(pattern, (ROOT, Kind.TIMER.value))
            for node in self._store.find(Kind.TIMER, below)
            if node.series
        }
        return list(found.values())

    def _leaves_below(self, kind: Kind, below: Pattern) -> Iterator[Leaf]:
        if kind is Kind.GAUGE:
            for node in self._store.find(kind, below):
                if node.series:
                    yield Leaf((ROOT, kind.value, *node.path), node.series, "")
            return
        for names, glob in _endings(below):
            read = self._statistics(kind, glob)
            for node in self._store.find(kind, names) if read else ():
                if node.series:
                    path = (ROOT, kind.value, *node.path)
                    yield from (Leaf((*path, name), node.series, name) for name in read)

    def _statistics(self, kind: Kind, glob: str) -> list[str]:
        found = (name for choice in without_braces(glob) for name in self._matching(kind, choice))
        return list(dict.fromkeys(found))

    def _matching(self, kind: Kind, glob: str) -> list[str]:
        if kind is Kind.TIMER and is_literal(glob):
            return [glob] if statistics.reading(glob) else []
        return list(filter(matcher(glob), self._leaves[kind]))

    def _branches_of(self, kind: Kind, pattern: Pattern) -> Iterator[Pattern]:
        for path in (ROOT,), (ROOT, kind.value):
            if () in _below(pattern, path) and self._store.find(kind, ("*",)):
                yield path
        for below in _below(pattern, (ROOT, kind.value)):
            for node in self._store.find(kind, below):
                if _is_branch(kind, node):
                    yield (ROOT, kind.value, *node.path)


def _is_branch(kind: Kind, node: Node) -> bool:
    return node.has_children or kind is not Kind.GAUGE


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
