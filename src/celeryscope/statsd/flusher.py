"""The thread that aggregates what the listener received and flushes on the wall clock's beat."""

import time
from collections.abc import Callable, Mapping
from math import floor
from threading import Event, Thread
from typing import Protocol

from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.listeners import UdpListener

_POLL = 0.1


class OwnNumbers(Protocol):
    """What the server says of itself with each flush, by name under `celeryscope.`."""

    def gauges(self) -> Mapping[str, float]: ...

    def counters(self) -> Mapping[str, int]: ...


class Flusher:
    """Ends an interval at every multiple of `interval` seconds, and once more when stopped.

    `sink` gets each flush on the flusher's thread, `own` is asked for the server's own numbers.
    """

    def __init__(
        self,
        listener: UdpListener,
        aggregator: Aggregator,
        interval: float,
        sink: Callable[[Flush], None],
        *,
        own: OwnNumbers,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._listener = listener
        self._aggregator = aggregator
        self._interval = interval
        self._sink = sink
        self._own = own
        self._clock = clock
        self._stopping = Event()
        self._began = clock()
        self._lag = 0.0
        self._thread = Thread(target=self._run, name="statsd-flush", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Flush what is left of the interval under way, and end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(min(_POLL, max(self._due() - self._clock(), 0.0))):
            self.turn()
        self._aggregator.feed(self._listener.take())
        self._flush(self._clock())

    def turn(self) -> None:
        """Aggregate what came; flush if the interval ended or the clock was set back."""
        now = self._clock()
        self._aggregator.feed(self._listener.take())
        if now >= self._due() or now < self._start():
            self._flush(now)

    def _start(self) -> float:
        return floor(self._began / self._interval) * self._interval

    def _due(self) -> float:
        return self._start() + self._interval

    def _flush(self, now: float) -> None:
        dropped, in_kernel = self._listener.take_drops()
        self._aggregator.count("dropped.backlog", dropped)
        self._aggregator.count("dropped.kernel", in_kernel)
        for name, amount in self._own.counters().items():
            self._aggregator.count(name, amount)
        gauges = {**self._own.gauges(), "flush.lag": self._lag}
        self._lag = max(now - self._due(), 0.0) * 1000
        start, seconds = self._start(), self._end(now) - self._began
        self._began = now if now < start else self._end(now)
        self._sink(self._aggregator.flush(start, max(seconds, 0.0), gauges))

    def _end(self, now: float) -> float:
        """Return where the flushed interval ends: a very late flush says its true length."""
        due = self._due()
        in_time = due <= now < due + self._interval
        set_back = now < self._start()
        return due if in_time or set_back else now
