"""Finds the metric of the catalogue behind a series' path, as one set-up writes its paths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from celeryscope import naming
from celeryscope.metrics import Family, Kind
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.names import NAMES, OPEN, Name

Nodes = tuple[str, ...]

_LEAVES: dict[tuple[Kind, Family, Nodes], Name] = {
    (name.kind, family, tuple(leaf.split("."))): name for (family, leaf), name in NAMES.items()
}
_LONGEST_LEAF = max(len(leaf) for _, _, leaf in _LEAVES)
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A metric, whose number it is, and of which sort; "" where it says neither."""

    name: Name
    subject: str
    detail: str


class Paths:
    """Reads what `naming.Paths` of the same prefix and layout writes, and its form with tags."""

    def __init__(self, prefix: str, layout: Layout) -> None:
        self._root = tuple(prefix.split(".")) if prefix else ()
        self._layout = layout
        families = (Family.QUEUE, Family.WORKER, Family.BEAT)
        self._tagged = {family.value: family for family in (Family.TASK, *families)}
        self._families = self._tagged if prefix else {one.value: one for one in families}

    def match(self, kind: Kind, nodes: Nodes) -> Match | None:
        """Return what a path says, or None if it is not of the catalogue."""
        family, rest = self._family(nodes)
        if family is None:
            return None
        for length in range(1, min(_LONGEST_LEAF, len(rest)) + 1):
            subject = self._subject(family, rest[:-length])
            if subject is not None:
                for leaf, detail in _spellings(rest[-length:]):
                    name = _LEAVES.get((kind, family, leaf))
                    if name is not None:
                        return Match(name, subject, detail)
        return None

    def match_tagged(self, kind: Kind, nodes: Nodes, tags: Mapping[str, str]) -> Match | None:
        """Return what a path without subject and its tags say; None if not of the catalogue."""
        depth = len(self._root)
        family = self._tagged.get(nodes[depth]) if len(nodes) > depth else None
        if family is None or nodes[:depth] != self._root:
            return None
        leaf = nodes[depth + 1 :]
        name = _LEAVES.get((kind, family, leaf)) or _LEAVES.get((kind, family, (*leaf, OPEN)))
        if name is None or not all(tags.get(label) for label in name.labels):
            return None
        return Match(name, tags.get(name.subject, ""), tags.get(name.detail, ""))

    def _family(self, nodes: Nodes) -> tuple[Family | None, Nodes]:
        """Return the family and the nodes after it."""
        if nodes[0] == Family.SELF.value:
            return Family.SELF, nodes[1:]
        depth = len(self._root)
        if nodes[:depth] != self._root or len(nodes) == depth:
            return None, ()
        family = self._families.get(nodes[depth])
        if family is not None:
            return family, nodes[depth + 1 :]
        return (None, ()) if self._root else (Family.TASK, nodes)

    def _subject(self, family: Family, nodes: Nodes) -> str | None:
        """Return what the nodes between family and leaf name; None if they cannot be a name."""
        if family is not Family.TASK:
            return ".".join(nodes) if len(nodes) == (family is not Family.SELF) else None
        if self._layout is Layout.DOTTED:
            return ".".join(nodes) or None
        return naming.task_name(*nodes) if len(nodes) == _LEVELS else None


def _spellings(leaf: Nodes) -> Iterator[tuple[Nodes, str]]:
    """Yield a leaf as it is, and with each node but the first open; and what stands there."""
    yield leaf, ""
    for at in range(len(leaf) - 1, 0, -1):
        yield (*leaf[:at], OPEN, *leaf[at + 1 :]), leaf[at]
