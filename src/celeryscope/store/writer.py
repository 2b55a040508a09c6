"""The thread that stores flushes, apart from the one that makes them."""

import logging
import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

from celeryscope.flush import Flush
from celeryscope.store.protocol import Store, StoreError

_LOG = logging.getLogger(__name__)
MAX_WAITING = 360
_RETRY_SECONDS = 1.0


class StoreWriter:
    """Stores flushes in their order; while the store fails it keeps the newest and tries again.

    `committed` is called with each flush that is durable.
    """

    def __init__(
        self,
        store: Store,
        committed: Callable[[Flush], None],
        max_waiting: int = MAX_WAITING,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self._store = store
        self._committed = committed
        self._max_waiting = max_waiting
        self._retry_seconds = retry_seconds
        self._waiting: deque[Flush] = deque()
        self._changed = Condition()
        self._stopping = False
        self._failing = False
        self._dropped = 0
        self.last_duration_ms = 0.0
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, flush: Flush) -> None:
        """Take a flush; when too many wait, the oldest is dropped and counted."""
        with self._changed:
            if len(self._waiting) >= self._max_waiting:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(flush)
            self._changed.notify()

    def take_drops(self) -> int:
        """Return how many flushes were dropped since the last call."""
        with self._changed:
            dropped, self._dropped = self._dropped, 0
            return dropped

    def stop(self) -> None:
        """Store what waits, trying each flush once, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()
        if self._waiting:
            _LOG.error("%d flushes could not be stored and are lost", len(self._waiting))

    def _run(self) -> None:
        while (flush := self._next()) is not None:
            if self._store_one(flush):
                self._committed(flush)
                self._maintain(flush.start + flush.seconds)
            elif self._stopping:
                return

    def _next(self) -> Flush | None:
        with self._changed:
            if self._failing and not self._stopping:
                self._changed.wait(self._retry_seconds)
            while not self._waiting and not self._stopping:
                self._changed.wait()
            return self._waiting[0] if self._waiting else None

    def _store_one(self, flush: Flush) -> bool:
        began = time.perf_counter()
        try:
            self._store.write(flush)
        except StoreError as error:
            self._complain(error)
            return False
        self.last_duration_ms = (time.perf_counter() - began) * 1000
        if self._failing:
            self._failing = False
            _LOG.warning("the store can be written again")
        with self._changed:
            if self._waiting and self._waiting[0] is flush:
                self._waiting.popleft()
        return True

    def _maintain(self, now: float) -> None:
        try:
            self._store.maintain(now)
        except StoreError as error:
            self._complain(error)

    def _complain(self, error: StoreError) -> None:
        if not self._failing:
            self._failing = True
            _LOG.error("%s; flushes are kept (at most %d)", error, self._max_waiting)
