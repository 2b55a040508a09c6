"""For users' tests: what would have been sent.

with celeryscope.testing.capture(app) as captured:
    charge.apply(args=[100])

assert captured.counters["celery.task.proj.billing-tasks.charge.success"] == 1
assert len(captured.timers["celery.task.proj.billing-tasks.charge.runtime"]) == 1
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery

from celeryscope.worker.instrumentation import captured as _captured

_COUNTER, _TIMER, _GAUGE = "c", "ms", "g"


class Captured:
    """What this process would have sent, by metric; timers are in milliseconds.

    A metric's name is its path, in the tag styles with its tags as the line has them.
    """

    def __init__(self) -> None:
        self._datagrams: list[bytes] = []

    @property
    def lines(self) -> list[str]:
        """All lines, in order."""
        return [line for datagram in self._datagrams for line in datagram.decode().split("\n")]

    @property
    def counters(self) -> Counter[str]:
        """The sum of each counter; 0 for one that was never sent."""
        totals: Counter[str] = Counter()
        for name, value in self._samples(_COUNTER):
            totals[name] += int(value)
        return totals

    @property
    def timers(self) -> dict[str, list[float]]:
        """The values of each timer, in order."""
        values: dict[str, list[float]] = {}
        for name, value in self._samples(_TIMER):
            values.setdefault(name, []).append(float(value))
        return values

    @property
    def gauges(self) -> dict[str, float]:
        """The last value of each gauge."""
        return {name: float(value) for name, value in self._samples(_GAUGE)}

    def send(self, datagram: bytes) -> None:
        """Keep what the instrumentation sends."""
        self._datagrams.append(datagram)

    def report(self) -> None:
        """Say nothing: no datagram left the process."""

    finish = close = report

    def _samples(self, wanted: str) -> Iterator[tuple[str, str]]:
        for line in self.lines:
            name, _, rest = line.partition(":")
            value, _, rest = rest.partition("|")
            kind, bar, tags = rest.partition("|")
            if kind == wanted:
                yield f"{name}{bar}{tags}", value


@contextmanager
def capture(app: Celery) -> Iterator[Captured]:
    """Keep what `app`'s tasks and messages in this process would send, instead of sending it.

    An app that is not instrumented is, with its `app.conf` and the environment, for as long as
    this lasts. Child processes, such as those of a prefork worker, are not seen.
    """
    kept = Captured()
    with _captured(app, kept):
        yield kept
