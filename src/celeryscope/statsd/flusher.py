"""The thread that aggregates what the listeners received and flushes on the wall clock's beat."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from threading import Event, Lock, Thread
from typing import Protocol

from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.listeners import Listener
from celeryscope.statsd.losses import ClientLosses

_POLL_SECONDS = 0.1
# A flush that is less late than this, and by less than a tenth of its interval, is on time.
_TOLERATED_MS = 250
# Longer than any one flush takes.
_QUIET_MS = 10_000
# No piece of an interval counts as shorter than an interval may be: the rate would be nonsense.
_SHORTEST_MS = 100

_LOGGER = logging.getLogger(__name__)


class OwnNumbers(Protocol):
    """What the server says of itself with each flush, by name under `celeryscope.`."""

    def gauges(self) -> Mapping[str, float]: ...

    def counters(self) -> Mapping[str, int]: ...


class Flusher:
    """Ends an interval at every multiple of `interval` seconds, and once more when stopped.

    Listeners stamp what they receive, so an interval holds what came within it, however late it is
    flushed. One in which nobody can have listened, as while the machine was suspended, is left out,
    and the ones before and after it say how long they really lasted; so do the first, the last and
    one that a clock set back ended. `sink` gets each flush on the flusher's thread, `own` is asked
    for the server's own numbers, `repeat` gets every datagram as it came. All times are reckoned in
    whole milliseconds.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        aggregator: Aggregator,
        interval: float,
        sink: Callable[[Flush], None],
        *,
        own: OwnNumbers,
        clock: Callable[[], float] = time.time,
        losses: ClientLosses | None = None,
        repeat: Callable[[Sequence[bytes]], None] = lambda _: None,
    ) -> None:
        self._listeners = listeners
        self._aggregator = aggregator
        self._interval = round(interval * 1000)
        self._sink = sink
        self._own = own
        self._clock = clock
        self._losses = losses or ClientLosses()
        self._repeat = repeat
        self._lock = Lock()
        self._stopping = Event()
        self._most_waiting = 0
        self._is_late = False
        self._began = self._seen = self._now()
        self._thread = Thread(target=self._run, name="statsd-flush", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_turning(self) -> bool:
        """Whether the thread lives and has looked at the clock lately."""
        quiet = self._now() - self._seen
        return self._thread.is_alive() and quiet < max(_QUIET_MS, 2 * self._interval)

    def stop(self) -> None:
        """Flush what is left of the interval under way, and end."""
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[Aggregator]:
        """Hold the aggregation up, for another thread to look into the interval under way."""
        with self._lock:
            yield self._aggregator

    def turn(self) -> None:
        """Aggregate what came; flush each interval that ended, or that a clock set back ends."""
        now = self._now()
        if now < self._start():
            self._feed(inf)
            self._flush(end=self._seen, next_began=now)
        while now >= self._due():
            self._end_interval(now)
        self._feed(self._due())
        self._seen = now

    def _run(self) -> None:
        while not self._stopping.wait(self._pause()):
            self._guarded(self.turn)
        self._guarded(self.turn)
        self._guarded(self._finish)

    def _pause(self) -> float:
        return min(_POLL_SECONDS, max((self._due() - self._now()) / 1000, 0.0))

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:
            _LOGGER.exception("a part of an interval is lost")

    def _finish(self) -> None:
        self._feed(inf)
        now = self._now()
        self._flush(end=now, next_began=now)

    def _now(self) -> int:
        return round(self._clock() * 1000)

    def _start(self) -> int:
        return self._began - self._began % self._interval

    def _due(self) -> int:
        return self._start() + self._interval

    def _end_interval(self, now: int) -> None:
        due = self._due()
        late = now - due
        self._tell_if_late(late)
        brought = self._feed(due)
        next_came = min(self._oldest(), now)
        if next_came < due + self._interval:
            self._flush(end=due, next_began=due, late=late)
        else:
            self._flush(end=due if brought else self._seen, next_began=int(next_came), late=late)

    def _oldest(self) -> float:
        stamps = [listener.oldest() for listener in self._listeners]
        return min((round(stamp * 1000) for stamp in stamps if stamp is not None), default=inf)

    def _feed(self, until: float) -> bool:
        """Aggregate what came before a time; tell whether anything did."""
        self._most_waiting = max(self._most_waiting, sum(one.waiting for one in self._listeners))
        batches = [listener.take(until / 1000) for listener in self._listeners]
        for batch in batches:
            self._losses.see(batch)
            self._repeat(batch.datagrams)
            with self._lock:
                self._aggregator.feed(batch)
        return any(batch.datagrams for batch in batches)

    def _flush(self, end: int, next_began: int, late: int = 0) -> None:
        start, seconds = self._start() / 1000, max(end - self._began, _SHORTEST_MS) / 1000
        # Whatever fails from here on, the next interval is another one.
        self._began = next_began
        counts, gauges = self._own_numbers(late)
        with self._lock:
            for name, amount in counts.items():
                self._aggregator.count(name, amount)
            flush = self._aggregator.flush(start, seconds, gauges)
        self._sink(flush)

    def _own_numbers(self, late: int) -> tuple[Mapping[str, int], Mapping[str, float]]:
        counts = Counter(self._own.counters())
        for listener in self._listeners:
            counts.update({f"dropped.{n}": lost for n, lost in listener.take_drops().items()})
        counts["flush.late"] += self._is_too_late(late)
        gauges = {**self._own.gauges(), "flush.lag": float(late), "backlog": self._most_waiting}
        self._most_waiting = 0
        loss = self._losses.take()
        if loss is not None:
            counts["client.lost"] += loss.lost
            gauges["client.loss"] = loss.percent
        return counts, gauges

    def _is_too_late(self, late: int) -> bool:
        return late >= max(_TOLERATED_MS, self._interval / 10)

    def _tell_if_late(self, late: int) -> None:
        """Log the first of several late flushes."""
        was_late, self._is_late = self._is_late, self._is_too_late(late)
        if self._is_late and not was_late:
            _LOGGER.warning("a flush is %.1f s late; its interval holds only its own", late / 1000)
