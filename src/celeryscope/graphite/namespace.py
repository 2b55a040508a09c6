"""The names that Graphite sees, laid over the store's series as node statsd's options say.

A name is found by a glob for each node; `**` stands for one or more nodes, wherever it is. One
with tags, `a.b.count;host=web1`, is found as it is or by its tags.
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
from celeryscope.store.tagnames import SEPARATOR, key_of, tags_of

MAX_LEAVES = 1_000_000
_NODE = re.compile(r"(?:\{[^{}]*\}|[^.])+")
_CHOICES = re.compile(r"\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\(.)")


Pattern = tuple[str, ...]
Endings = tuple[tuple[str, str], ...]
"""What follows a series' own name in a leaf's, and which statistic that is."""


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
        self._ends = {
            kind: tuple((f".{name}", name) for name in names)
            for kind, names in self._leaves.items()
        }

    def leaves(self, pattern: Pattern) -> list[Leaf]:
        """Return the leaves that match, ordered by path; a whole name with tags matches itself.

        Raises:
            RequestError: They are more than one answer may hold.
        """
        if any(SEPARATOR in node for node in pattern):
            return self._leaves_with_tags(".".join(pattern))
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

    def places(self, name: str) -> list[tuple[Kind, str, str]]:
        """Return what a name without tags may stand for: kind, own name and statistic."""
        nodes, found = tuple(name.split(".")), []
        for view in self._views:
            rest = nodes[len(view.head) :]
            if not rest or nodes[: len(view.head)] != view.head:
                continue
            if view.statistic is not None:
                found.append((view.kind, ".".join(rest), view.statistic))
            elif rest[1:] and rest[-1] in self._matching(view.kind, rest[-1]):
                found.append((view.kind, ".".join(rest[:-1]), rest[-1]))
        return found

    def bases(self, kind: Kind, key: str) -> Iterator[tuple[str, Endings]]:
        """Yield each place where a series' own name is shown, and what may end its names there."""
        for view in self._views:
            if view.kind is kind:
                shown = ".".join((*view.head, key))
                if view.statistic is None:
                    yield shown, self._ends[kind]
                else:
                    yield shown, (("", view.statistic),)

    def leaves_of(self, kind: Kind) -> int:
        """Return how many leaves a series has."""
        return sum(len(ends) for _, ends in self.bases(kind, ""))

    def series(self, kind: Kind, key: str) -> list[Series]:
        """Return the series whose own name is `key`, whatever their tags."""
        path = key.split(".")
        untagged = (node.series for node in self._store.find(kind, path) if node.series)
        found = (*untagged, *self._store.tags.find(kind, path))
        return [one for one in found if key_of(one.name) == key]

    def branches(self, pattern: Pattern) -> list[Branch]:
        """Return the branches that match, ordered by path."""
        found = {path for view in self._views for path in self._branches_of(view, pattern)}
        return [Branch(path) for path in sorted(found)]

    def timers(self, pattern: Pattern) -> list[Series]:
        """Return the timers whose own name, without a statistic, matches, whatever their tags."""
        places = [
            below
            for view in self._views
            if view.kind is Kind.TIMER
            for below in _below(pattern, view.head)
        ]
        untagged = (node.series for place in places for node in self._store.find(Kind.TIMER, place))
        tagged = (one for place in places for one in self._store.tags.find(Kind.TIMER, place))
        return list({one.id: one for one in (*filter(None, untagged), *tagged)}.values())

    def _leaves_with_tags(self, name: str) -> list[Leaf]:
        shown, tags = key_of(name), tags_of(name)
        found = (
            leaf_of(shown, one, statistic)
            for kind, key, statistic in self.places(shown)
            for one in self.series(kind, key)
        )
        return list({leaf.path: leaf for leaf in found if tags_of(leaf.name) == tags}.values())

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


def leaf_of(name: str, series: Series, statistic: str) -> Leaf:
    """Return the leaf that a series is shown as; it has the series' tags."""
    _, separator, tags = series.name.partition(SEPARATOR)
    return Leaf(tuple(f"{name}{separator}{tags}".split(".")), series, statistic)


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
