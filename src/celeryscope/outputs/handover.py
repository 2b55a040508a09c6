"""A bounded queue, and the thread that hands on what waits in it."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_AT_ONCE = 1000
_STOP_SECONDS = 3.0


class HandOver(Generic[T]):
    """Calls `hand` with what was put, in its order, on a thread of its own.

    `hand` does not raise. At most `room` things wait. `end` is called last.
    """

    def __init__(
        self,
        name: str,
        hand: Callable[[Sequence[T]], None],
        room: int,
        end: Callable[[], None] = lambda: None,
        patience: float = _STOP_SECONDS,
    ) -> None:
        self._hand = hand
        self._end = end
        self._patience = patience
        self._room = room
        self._waiting: deque[T] = deque()
        self._changed = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        self._thread.start()

    def put(self, things: Sequence[T]) -> int:
        """Take what there is room for, from the first on; return how many that were."""
        with self._changed:
            taken = things[: self._room - len(self._waiting)]
            self._waiting.extend(taken)
            self._changed.notify()
        return len(taken)

    def stop(self) -> int:
        """Hand on what waits, within `patience` seconds; return how many things still wait."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(self._patience)
        return len(self._waiting)

    def _run(self) -> None:
        while things := self._next():
            self._hand(things)
        self._end()

    def _next(self) -> list[T]:
        """Return the things that wait longest; none if all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
