"""The thread that stores points, many at a time."""

import logging
import time
from collections import deque
from collections.abc import Mapping
from threading import Condition, Thread
from typing import Protocol

from celeryscope.carbon.points import joined
from celeryscope.store.protocol import Points, StoreError
from celeryscope.tally import Tally

_LOGGER = logging.getLogger(__name__)
MAX_WAITING = 1_000_000
MAX_AT_ONCE = 200_000
_GATHER_SECONDS = 1.0
_RETRY_SECONDS = 1.0


class PointStore(Protocol):
    """Keeps points for good."""

    def write_points(self, points: Points) -> int:
        """Store points in one transaction; return how many are too old to be kept.

        Raises:
            StoreError: They cannot be stored now.
        """


class PointWriter:
    """Stores points in their order, about once a second; tries again while the store fails.

    It is full while a million points wait. What is put then is taken all the same: whoever puts
    looks first, and waits.
    """

    def __init__(
        self,
        store: PointStore,
        max_waiting: int = MAX_WAITING,
        gather_seconds: float = _GATHER_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self._store = store
        self._max_waiting = max_waiting
        self._gather_seconds = gather_seconds
        self._retry_seconds = retry_seconds
        self._waiting: deque[Points] = deque()
        self._count = 0
        self._changed = Condition()
        self._stopping = False
        self._failing = False
        self._counts = Tally(["too_old", "dropped.store"])
        self.last_duration_ms = 0.0
        self._thread = Thread(target=self._run, name="point-writer", daemon=True)

    @property
    def is_full(self) -> bool:
        return self._count >= self._max_waiting

    @property
    def waiting(self) -> int:
        """How many points are not stored yet."""
        return self._count

    def start(self) -> None:
        self._thread.start()

    def put(self, points: Points) -> None:
        with self._changed:
            self._waiting.append(points)
            self._count += len(points.names)
            self._changed.notify_all()

    def stop(self) -> None:
        """Store what waits and end; a store that fails now is not tried again."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        if self._count:
            _LOGGER.error("%d points could not be stored and are lost", self._count)

    def counters(self) -> Mapping[str, int]:
        """Return what was counted since the last call, by the names of own counters."""
        return {f"carbon.{name}": count for name, count in self._counts.take().items()}

    def _run(self) -> None:
        while (points := self._next()) is not None:
            while not self._is_done(points):
                if self._pause():
                    return
            with self._changed:
                self._count -= len(points.names)

    def _next(self) -> Points | None:
        """Wait for points, then for more to go with them; return None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            self._changed.wait_for(
                lambda: self._count >= MAX_AT_ONCE or self._stopping, self._gather_seconds
            )
            return joined(self._taken()) if self._waiting else None

    def _taken(self) -> list[Points]:
        taken = [self._waiting.popleft()]
        count = len(taken[0].names)
        while self._waiting and count + len(self._waiting[0].names) <= MAX_AT_ONCE:
            taken.append(self._waiting.popleft())
            count += len(taken[-1].names)
        return taken

    def _is_done(self, points: Points) -> bool:
        """Try to store; points that make the store fail in an unknown way are done with too."""
        began = time.perf_counter()
        try:
            too_old = self._store.write_points(points)
        except StoreError as error:
            self._tell(error)
            return False
        except Exception:
            _LOGGER.exception("points made the store fail in an unknown way, and are lost")
            self._counts.add("dropped.store", len(points.names))
            return True
        self.last_duration_ms = (time.perf_counter() - began) * 1000
        self._counts.add("too_old", too_old)
        self._tell(None)
        return True

    def _tell(self, error: StoreError | None) -> None:
        """Log the first failure of a row, and that the row has ended."""
        if error and not self._failing:
            _LOGGER.error("%s; points are kept, and clients wait when they are too many", error)
        elif self._failing and not error:
            _LOGGER.warning("the store takes points again")
        self._failing = error is not None

    def _pause(self) -> bool:
        """Wait before the next try; tell whether the writer is to stop instead."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, self._retry_seconds)
