"""Series that add up, found by their StatsD name or by their metric and labels."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from celeryscope.outputs.prometheus.identity import Labels
from celeryscope.outputs.prometheus.names import Name
from celeryscope.sketch import Counts


@dataclass(slots=True)
class Subject:
    """Whom numbers are about, and when one of them was last written (Unix time)."""

    seen: float


@dataclass(slots=True)
class Counter:
    subject: Subject
    value: float = 0.0


@dataclass(slots=True)
class Histogram:
    """How many samples were at most each bound; the sum of all; how many there were."""

    subject: Subject
    buckets: Counts
    sum: float = 0.0
    count: int = 0


class _Series(Protocol):
    @property
    def subject(self) -> Subject: ...


S = TypeVar("S", bound=_Series)


class Table(Generic[S]):
    """The series of one kind. Several StatsD names may be spellings of one series."""

    def __init__(self, make: Callable[[Subject], S]) -> None:
        self._make = make
        self._metrics: dict[str, tuple[Name, dict[Labels, S]]] = {}
        self._spellings: dict[str, S] = {}
        self._size = 0

    def __len__(self) -> int:
        """Return the number of series, or of their spellings if they are more."""
        return max(self._size, len(self._spellings))

    def get(self, spelling: str) -> S | None:
        return self._spellings.get(spelling)

    def place(self, name: Name, labels: Labels, subject: Subject) -> S:
        """Return a series, made if there is none yet."""
        series = self._metrics.setdefault(name.base, (name, {}))[1]
        found = series.get(labels)
        if found is None:
            found = series[labels] = self._make(subject)
            self._size += 1
        return found

    def spell(self, spelling: str, series: S) -> None:
        """Let a series be found by a StatsD name."""
        self._spellings[spelling] = series

    def metrics(self) -> Iterator[tuple[Name, Mapping[Labels, S]]]:
        yield from self._metrics.values()

    def forget(self, before: float) -> None:
        """Drop every series whose subject was last seen before a Unix time."""
        self._spellings = {
            spelling: one for spelling, one in self._spellings.items() if one.subject.seen >= before
        }
        kept = {
            base: (name, {labels: s for labels, s in series.items() if s.subject.seen >= before})
            for base, (name, series) in self._metrics.items()
        }
        self._metrics = {base: metric for base, metric in kept.items() if metric[1]}
        self._size = sum(len(series) for _, series in self._metrics.values())
