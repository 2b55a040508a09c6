"""What the server says of itself since it started: for its own page, and as JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import Protocol

from celeryscope import __version__
from celeryscope.flush import Flush
from celeryscope.metrics import CATALOGUE, Family, Kind, Metric
from celeryscope.totals import Totals, own

_METRICS = [metric for metric in CATALOGUE if metric.family is Family.SELF]


class BadLine(Protocol):
    """A line that was refused."""

    @property
    def line(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def sender(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused line as it is shown."""

    line: str
    reason: str
    sender: str


@dataclass(frozen=True, slots=True)
class Number:
    """One of the server's own numbers; `now` is a gauge's, or a counter's of the last interval."""

    name: str
    help: str
    unit: str
    loss: bool
    total: float | None
    now: float


@dataclass(frozen=True, slots=True)
class Report:
    """All that a server says of itself; `seconds` is how long it has run."""

    version: str
    seconds: float
    listens: Sequence[str]
    hands_on_to: Sequence[str]
    numbers: Sequence[Number]
    bad_lines: Sequence[Refused]

    @property
    def losses(self) -> list[Number]:
        """Return the numbers that tell of lost data, those that counted any."""
        return [number for number in self.numbers if number.loss and number.total]

    def data(self) -> dict[str, object]:
        return asdict(self)


class Status:
    """Adds up the server's own numbers, flush by flush."""

    def __init__(
        self,
        listens: Sequence[str],
        hands_on_to: Sequence[str],
        bad_lines: Callable[[], Sequence[BadLine]],
        clock: Callable[[], float],
    ) -> None:
        self._listens = listens
        self._hands_on_to = hands_on_to
        self._bad_lines = bad_lines
        self._clock = clock
        self._began = clock()
        self._lock = Lock()
        self._totals = Totals(last_message=self._began)
        self._last: Mapping[str, float] = {}

    def put(self, flush: Flush) -> None:
        """Take an interval's own numbers."""
        with self._lock:
            self._totals = self._totals.plus(flush.counters, self._clock(), flush.gauges)
            self._last = own(flush.counters)

    def report(self) -> Report:
        with self._lock:
            totals, last = self._totals, self._last
        numbers = [
            _number(metric, name, totals, last)
            for metric in _METRICS
            for name in sorted(totals.gauges if metric.kind is Kind.GAUGE else totals.counters)
            if fnmatchcase(name, metric.leaf)
        ]
        return Report(
            version=__version__,
            seconds=self._clock() - self._began,
            listens=self._listens,
            hands_on_to=self._hands_on_to,
            numbers=numbers,
            bad_lines=[Refused(one.line, one.reason, one.sender) for one in self._bad_lines()],
        )


def _number(metric: Metric, name: str, totals: Totals, last: Mapping[str, float]) -> Number:
    is_gauge = metric.kind is Kind.GAUGE
    total = None if is_gauge else totals.counters[name]
    now = totals.gauges[name] if is_gauge else last.get(name, 0.0)
    return Number(name, metric.help, metric.unit, metric.loss, total, now)
