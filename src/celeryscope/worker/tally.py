"""Counts that may wait a moment, so that a busy process sends few datagrams for many."""

from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from celeryscope.worker.kinds import RunKind, Send

_SECONDS = 1.0


class Tally:
    """Counts messages received: the first one at once, those of the second after it together.

    Whoever owns it flushes it now and then, and at the end. Safe in threads.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kinds: deque[RunKind] = deque()
        self._due = float("-inf")

    def add(self, kind: RunKind) -> None:
        self._kinds.append(kind)
        if self._clock() >= self._due:
            self.flush()

    def flush(self) -> None:
        self._due = self._clock() + _SECONDS
        lines: dict[Send, list[bytes]] = {}
        for kind, count in self._taken().items():
            lines.setdefault(kind.send, []).append(kind.datagrams.received % count)
        for send, ours in lines.items():
            send(b"\n".join(ours))

    def forget(self) -> None:
        """Drop what was not sent: in a forked child, whose parent will."""
        self._kinds.clear()

    def _taken(self) -> Counter[RunKind]:
        taken: Counter[RunKind] = Counter()
        with suppress(IndexError):  # empty, by us or by another thread
            while True:
                taken[self._kinds.popleft()] += 1
        return taken
