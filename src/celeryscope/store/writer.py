"""The threads that store flushes and tidy the store, apart from the one that makes flushes."""

import logging
import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

from celeryscope.flush import Flush
from celeryscope.store.protocol import Store, StoreError

_LOGGER = logging.getLogger(__name__)
MAX_WAITING = 360
# Of all flushes that wait together; a million timers with their histograms take some 500 MB.
MAX_WAITING_SERIES = 1_000_000
_RETRY_SECONDS = 1.0


class StoreWriter:
    """Stores flushes in their order; while the store fails it keeps the newest and tries again.

    `committed` is called with each flush that is durable. A thread of its own tidies the store, so
    that no flush waits for that.
    """

    def __init__(
        self,
        store: Store,
        committed: Callable[[Flush], None],
        max_waiting: int = MAX_WAITING,
        max_waiting_series: int = MAX_WAITING_SERIES,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self._store = store
        self._committed = committed
        self._max_waiting = max_waiting
        self._max_waiting_series = max_waiting_series
        self._retry_seconds = retry_seconds
        self._waiting: deque[Flush] = deque()
        self._changed = Condition()
        self._stopping = False
        self._dropped = 0
        self._writing = _Health(f"flushes are kept (at most {max_waiting})")
        self._upkeep = _Health("it is tried again after each flush")
        self._tidying = _Health("it is tried again after each flush")
        self._ended = 0.0
        self.last_duration_ms = 0.0
        self._threads = [
            Thread(target=self._run, name="store-writer", daemon=True),
            Thread(target=self._tidy, name="store-tidier", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def put(self, flush: Flush) -> None:
        """Take a flush; when too many wait, the oldest is dropped and counted."""
        with self._changed:
            self._waiting.append(flush)
            self._drop_oldest()
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many flushes wait to be stored."""
        return len(self._waiting)

    @property
    def failing(self) -> bool:
        """Whether the last flush could not be stored."""
        return self._writing.failing

    def take_drops(self) -> int:
        """Return how many flushes were dropped since the last call."""
        with self._changed:
            dropped, self._dropped = self._dropped, 0
            return dropped

    def stop(self) -> None:
        """Store what waits and end; a store that fails now is not tried again."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if self._waiting:
            _LOGGER.error("%d flushes could not be stored and are lost", len(self._waiting))

    def _run(self) -> None:
        while (flush := self._next()) is not None:
            try:
                stored = self._write(flush)
            except Exception:
                _LOGGER.exception("a flush made the store fail in an unknown way, and is lost")
                self._lost()
                continue
            if stored:
                self._committed(flush)
                self._maintain(flush.start + flush.seconds)
                self._allow_tidying(flush.start + flush.seconds)
            else:
                self._put_back(flush)
                if self._pause():
                    return

    def _next(self) -> Flush | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            return self._waiting.popleft() if self._waiting else None

    def _put_back(self, flush: Flush) -> None:
        with self._changed:
            self._waiting.appendleft(flush)
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        series = sum(flush.series for flush in self._waiting)
        while len(self._waiting) > self._max_waiting or (
            series > self._max_waiting_series and len(self._waiting) > 1
        ):
            series -= self._waiting.popleft().series
            self._dropped += 1

    def _lost(self) -> None:
        with self._changed:
            self._dropped += 1

    def _pause(self) -> bool:
        """Wait before the next try; tell whether the writer is to stop instead."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, self._retry_seconds)

    def _write(self, flush: Flush) -> bool:
        began = time.perf_counter()
        try:
            self._store.write(flush)
        except StoreError as error:
            self._writing.failed(error)
            return False
        self.last_duration_ms = (time.perf_counter() - began) * 1000
        self._writing.worked()
        return True

    def _maintain(self, now: float) -> None:
        try:
            self._store.maintain(now)
        except StoreError as error:
            self._upkeep.failed(error)
        else:
            self._upkeep.worked()

    def _allow_tidying(self, now: float) -> None:
        with self._changed:
            self._ended = now
            self._changed.notify_all()

    def _tidy(self) -> None:
        """Tidy all there is after each flush, until the writer is to stop."""
        done = 0.0
        while (now := self._next_end(done)) is not None:
            if not self._tidied_some(now):
                done = now

    def _tidied_some(self, now: float) -> bool:
        try:
            more = self._store.tidy(now)
        except StoreError as error:
            self._tidying.failed(error)
            return False
        except Exception:
            _LOGGER.exception("tidying failed in an unknown way")
            return False
        self._tidying.worked()
        return more

    def _next_end(self, done: float) -> float | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended > done or self._stopping)
            return None if self._stopping else self._ended


class _Health:
    """Logs the first failure of a row, and that the row has ended."""

    def __init__(self, meanwhile: str) -> None:
        self._meanwhile = meanwhile
        self.failing = False

    def failed(self, error: StoreError) -> None:
        if not self.failing:
            _LOGGER.error("%s; %s", error, self._meanwhile)
        self.failing = True

    def worked(self) -> None:
        if self.failing:
            _LOGGER.warning("the store works again")
        self.failing = False
