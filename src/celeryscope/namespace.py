"""The names under which Graphite sees series, as node statsd's options choose them.

    legacy off:  <global>.<counters>.<key>.{count,rate}   <global>.<gauges>.<key>
                 <global>.<timers>.<key>.<statistic>      <global>.<sets>.<key>.count
    legacy on:   stats_counts.<key>   stats.<key> (rate)  stats.gauges.<key>
                 stats.timers.<key>.<statistic>           stats.sets.<key>.count

A name may have tags, `key;tag=value`; the suffix comes before them. Legacy names take no
prefixes, as in node.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from celeryscope.metrics import OWN, Family, Kind

Nodes = tuple[str, ...]

LEAVES: dict[Kind, Nodes] = {Kind.COUNTER: ("count", "rate"), Kind.SET: ("count",)}
"""What a last node may be of kinds that have few; a timer's are its statistics."""

_SPACE = re.compile(r"\s+")
_DROPPED = re.compile(r"[^A-Za-z0-9_\-.;=]")
_NOTHING = "_"


class View(NamedTuple):
    """A place where series of one kind are shown: below `head`.

    `statistic` is what a series' own path stands for ("" if it has but one value); if it is
    None, one more node says it.
    """

    kind: Kind
    head: Nodes
    statistic: str | None = None


class Place(NamedTuple):
    """What stands before and after a series' key in one of its paths."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Naming:
    """Node statsd's naming options under its defaults but for `legacy`; "" drops a level.

    `prefix_stats` stands for the first node of the server's own series in what is sent, and
    `global_suffix` ends the key of all that is sent.
    """

    legacy: bool = False
    global_prefix: str = "stats"
    prefix_counter: str = "counters"
    prefix_timer: str = "timers"
    prefix_gauge: str = "gauges"
    prefix_set: str = "sets"
    prefix_stats: str = Family.SELF.value
    global_suffix: str = ""

    def views(self) -> tuple[View, ...]:
        """Return every place where series are shown."""
        if self.legacy:
            return (
                View(Kind.COUNTER, ("stats_counts",), "count"),
                View(Kind.COUNTER, ("stats",), "rate"),
                View(Kind.TIMER, ("stats", "timers")),
                View(Kind.GAUGE, ("stats", "gauges"), ""),
                View(Kind.SET, ("stats", "sets")),
            )
        return (
            View(Kind.COUNTER, self._below(self.prefix_counter)),
            View(Kind.TIMER, self._below(self.prefix_timer)),
            View(Kind.GAUGE, self._below(self.prefix_gauge), ""),
            View(Kind.SET, self._below(self.prefix_set)),
        )

    def place(self, kind: Kind, statistic: str) -> Place:
        """Return where a statistic of a kind's series is sent to; a gauge's is ""."""
        view = next(
            view
            for view in self.views()
            if view.kind is kind and view.statistic in (None, statistic)
        )
        leaf = statistic if view.statistic is None else ""
        return Place(
            before="".join(f"{node}." for node in view.head),
            after="".join(f".{node}" for node in (leaf, self.global_suffix) if node),
        )

    def split(self, name: str) -> tuple[str, str]:
        """Return a series' key and its tags as they are sent; the tags start with `;`."""
        clean = _DROPPED.sub("", _SPACE.sub("_", name).replace("/", "-"))
        key, semicolon, tags = clean.partition(";")
        if key.startswith(OWN):
            key = _dotted(self.prefix_stats, key.removeprefix(OWN))
        return key or _NOTHING, semicolon + tags

    def _below(self, prefix: str) -> Nodes:
        return tuple(filter(None, f"{self.global_prefix}.{prefix}".split(".")))


DEFAULT_NAMING = Naming()


def _dotted(*parts: str) -> str:
    return ".".join(filter(None, parts))
