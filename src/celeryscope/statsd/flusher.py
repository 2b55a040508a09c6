"""The thread that aggregates what the listener received and flushes on the wall clock's beat."""

import logging
import time
from collections.abc import Callable, Mapping
from math import floor
from threading import Event, Thread
from typing import Protocol

from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.listeners import UdpListener

_POLL = 0.1
# A flush that is late by a smaller part of the interval than this still ends it on time.
_TOLERATED = 0.1


_LOGGER = logging.getLogger(__name__)


class OwnNumbers(Protocol):
    """What the server says of itself with each flush, by name under `celeryscope.`."""

    def gauges(self) -> Mapping[str, float]: ...

    def counters(self) -> Mapping[str, int]: ...


class Flusher:
    """Ends an interval at every multiple of `interval` seconds, and once more when stopped.

    `sink` gets each flush on the flusher's thread, `own` is asked for the server's own numbers. A
    flush says how long it really lasted: the first one, a late one, and the one that a clock set
    back ended.
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
        self._began = self._seen = clock()
        self._thread = Thread(target=self._run, name="statsd-flush", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Flush what is left of the interval under way, and end."""
        self._stopping.set()
        self._thread.join()

    def turn(self) -> None:
        """Aggregate what came; flush if the interval ended or the clock was set back."""
        now = self._clock()
        self._aggregator.feed(self._listener.take())
        if now < self._start():
            self._flush(end=self._seen)
            self._began = now
        elif now >= self._due():
            late = now - self._due()
            self._flush(end=self._due() if late < self._interval * _TOLERATED else now, late=late)
        self._seen = now

    def _run(self) -> None:
        while not self._stopping.wait(min(_POLL, max(self._due() - self._clock(), 0.0))):
            self._turn_and_live()
        self.turn()
        self._flush(end=self._seen)

    def _turn_and_live(self) -> None:
        try:
            self.turn()
        except Exception:
            _LOGGER.exception("a part of an interval is lost")

    def _start(self) -> float:
        return floor(self._began / self._interval) * self._interval

    def _due(self) -> float:
        return self._start() + self._interval

    def _flush(self, end: float, late: float = 0.0) -> None:
        dropped, in_kernel = self._listener.take_drops()
        self._aggregator.count("dropped.backlog", dropped)
        self._aggregator.count("dropped.kernel", in_kernel)
        for name, amount in self._own.counters().items():
            self._aggregator.count(name, amount)
        gauges = {**self._own.gauges(), "flush.lag": late * 1000}
        self._sink(self._aggregator.flush(self._start(), max(end - self._began, 0.0), gauges))
        self._began = end
