"""What a store offers to those who write and read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distributions, Floats
from celeryscope.store.stop import Stop


class StoreError(Exception):
    """The store cannot be opened or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Series:
    """A stored series; `first_seen` is the Unix time of its first interval.

    Series of one `archive` are kept in the same steps.
    """

    id: int
    kind: Kind
    name: str
    first_seen: int
    archive: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the name tree: `path` from the root, and the series that ends here, if any."""

    path: tuple[str, ...]
    series: Series | None
    has_children: bool


@dataclass(frozen=True, slots=True)
class Window:
    """`points` adjacent intervals of `step` seconds from `start`.

    `tier` is the step of the coarsest tier to read of `archive`; edges that it cannot give
    exactly, and what it does not hold yet, come from finer ones.
    """

    start: int
    step: int
    points: int
    tier: int
    archive: int = 0

    @property
    def end(self) -> int:
        return self.start + self.step * self.points


@dataclass(frozen=True, slots=True)
class Settled:
    """What flushes said of the time before `until` stays as it is while `version` does."""

    until: float
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of plain series, side by side: whose, when (Unix time) and what; none is NaN.

    Of two for one series and step the later counts.
    """

    names: Sequence[str]
    timestamps: NDArray[np.int64]
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scalars:
    """Counters, gauges or sets over a window: arrays of shape (series, points).

    `total` is the sum (a counter's count; 0 where the server listened and nothing came), `last`,
    `low`, `high` and `mean` describe the values stored. NaN where nothing is known.
    """

    total: Floats
    last: Floats
    low: Floats
    high: Floats
    mean: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Timers:
    """Merged timers over a window: cell `group * points + i` is a group's i-th interval."""

    cells: Distributions
    groups: int
    points: int

    def grid(self, values: Floats) -> Floats:
        """Return one statistic's cells as an array of shape (groups, points)."""
        return values.reshape(self.groups, self.points)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at a Unix time, and its tags; `id` is 0 until it is stored."""

    when: int
    what: str
    tags: tuple[str, ...] = ()
    data: str = ""
    id: int = 0


class EventLog(Protocol):
    """Keeps events; safe to use from many threads at once."""

    def add(self, event: Event) -> None:
        """Store an event in one transaction; it is durable and visible on return."""

    def find(
        self, start: int, end: int, tags: Sequence[str], *, any_tag: bool, limit: int
    ) -> list[Event]:
        """Return at most so many events from `start` to `end`, both with it, ordered by time.

        They have all `tags`, or with `any_tag` one of them; without `tags` every event counts.
        """

    def get(self, number: int) -> Event | None:
        """Return the event with an id, if there is one."""


class Tags(Protocol):
    """Finds series that have tags, such as `a.b;host=web1`; other series are not here."""

    def names(self) -> list[str]:
        """Return every tag but `name`, in order."""

    def values(self, tag: str) -> list[str]:
        """Return the values of a tag, in order."""

    def having(self, tag: str, value: str) -> list[Series]:
        """Return the series whose tag has this value."""

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Series]:
        """Return the series whose name without tags matches a glob for each of its nodes."""


class Store(Protocol):
    """Keeps flushes and answers for any span; safe to read from many threads at once."""

    @property
    def tags(self) -> Tags:
        """The series that have tags."""

    @property
    def events(self) -> EventLog:
        """What clients say that happened."""

    def write(self, flush: Flush) -> None:
        """Store one flush in one transaction; it is durable and visible on return."""

    def write_points(self, points: Points) -> int:
        """Store points of any age in one transaction; return how many are too old to be kept."""

    def maintain(self, now: float) -> None:
        """Roll up the steps that ended before `now`, and drop what is past its retention."""

    def tidy(self, now: float) -> bool:
        """Do a short step of upkeep, beside writers and readers; tell whether there was any."""

    def ended_by(self, stop: Stop) -> "Store":
        """Return the store for reads that `stop` can end; they then raise its reason."""

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        """Return the tree nodes that match a glob for each path node, ordered by path.

        A node's glob may hold `*`, `?`, `[a-z]` and `{a,b}`; a node of just `**` matches one or
        more nodes. An empty pattern returns nothing. Series with tags are found by these alone.
        """

    def window(
        self, start: float, end: float, points: int | None = None, archive: int = 0
    ) -> Window:
        """Choose tier and step for a span: the finest that covers it, or at most `points`.

        Series of any archive can be read over any window, but one that is chosen for their own
        has their step.

        With `points` the coarsest tier that still gives the resolution is read. Intervals are
        aligned to the step; with `points` 1 a single one starts on the tier's own grid.
        """

    def settled(self) -> Settled:
        """Return until when all that is read, but plain series, is final."""

    def covered(self, window: Window) -> Floats:
        """Return for each interval the seconds in which the server listened."""

    def scalars(self, series: Sequence[Series], window: Window) -> Scalars:
        """Read counters, gauges or sets."""

    def points(self, series: Sequence[Series], window: Window) -> Floats:
        """Read plain series, each merged by its own method, in the shape (series, points)."""

    def totals(self, groups: Sequence[Sequence[Series]], window: Window) -> Floats:
        """Sum counters, those of each group into one, as an array of shape (groups, points).

        0 where nothing came, whether the server listened or not.
        """

    def timers(self, groups: Sequence[Sequence[Series]], window: Window) -> Timers:
        """Read timers, those of each group merged into one."""
