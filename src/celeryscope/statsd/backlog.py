"""What was received and waits to be aggregated: bounded, and stamped with its time."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from threading import Lock

MAX_DATAGRAMS = 200_000
MAX_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Datagrams that one call brought at one time; `senders` as in a `Batch`."""

    at: float
    datagrams: list[bytes]
    senders: bytes
    size: int


class Backlog:
    """Takes no more while it holds so many datagrams or bytes; what comes then is dropped, counted.

    One thread puts in, another takes out.
    """

    def __init__(
        self,
        max_datagrams: int = MAX_DATAGRAMS,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._max_datagrams = max_datagrams
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = Lock()
        self._chunks: deque[_Chunk] = deque()
        self._bytes = 0
        self._dropped = self._dropped_told = 0
        self.waiting = 0

    @property
    def is_full(self) -> bool:
        return self.waiting >= self._max_datagrams or self._bytes >= self._max_bytes

    def put(self, datagrams: list[bytes], senders: bytes = b"") -> None:
        """Keep datagrams that came now, or drop them."""
        if self.is_full:
            self._dropped += len(datagrams)
            return
        chunk = _Chunk(self._clock(), datagrams, senders, sum(map(len, datagrams)))
        with self._lock:
            self._chunks.append(chunk)
            self.waiting += len(datagrams)
            self._bytes += chunk.size

    def take(self, until: float = inf) -> tuple[list[bytes], bytes]:
        """Return what came before a time, in its order: datagrams and their senders."""
        taken = []
        with self._lock:
            while self._chunks and self._chunks[0].at < until:
                taken.append(self._chunks.popleft())
            self.waiting -= sum(len(chunk.datagrams) for chunk in taken)
            self._bytes -= sum(chunk.size for chunk in taken)
        if len(taken) == 1:
            return taken[0].datagrams, taken[0].senders
        datagrams: list[bytes] = []
        for chunk in taken:
            datagrams += chunk.datagrams
        return datagrams, b"".join([chunk.senders for chunk in taken])

    def oldest(self) -> float | None:
        """Return when the first of those that wait came."""
        with self._lock:
            return self._chunks[0].at if self._chunks else None

    def take_dropped(self) -> int:
        """Return how many were dropped since the last call."""
        dropped = self._dropped - self._dropped_told
        self._dropped_told += dropped
        return dropped
