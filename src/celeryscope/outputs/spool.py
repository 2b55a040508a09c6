"""What waits for one destination, bounded in bytes: the oldest goes first, whichever way."""

from collections import deque
from threading import Condition
from typing import NamedTuple


class Parcel(NamedTuple):
    """One flush, encoded; `start` is its timestamp."""

    start: int
    points: int
    payload: bytes


class Spool:
    """A queue of parcels, at most `limit` bytes, to be filled and emptied by different threads.

    One parcel at a time is in hand: it takes its room, but it is not dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Parcel] = deque()
        self._in_hand: Parcel | None = None
        self._bytes = 0
        self._dropped = 0
        self._closed = False
        self._changed = Condition()

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting) + (self._in_hand is not None)

    def put(self, parcel: Parcel) -> None:
        """Add the newest; drop the oldest as long as there is no room for all."""
        with self._changed:
            self._waiting.append(parcel)
            self._bytes += len(parcel.payload)
            self._make_room()
            self._changed.notify()

    def take(self) -> Parcel | None:
        """Wait for the oldest and take it in hand; None once it is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._in_hand = self._waiting.popleft() if self._waiting else None
            return self._in_hand

    def done(self) -> None:
        """Forget the parcel in hand."""
        with self._changed:
            if self._in_hand:
                self._bytes -= len(self._in_hand.payload)
            self._in_hand = None

    def give_back(self) -> None:
        """Put the parcel in hand back to the front."""
        with self._changed:
            if self._in_hand:
                self._waiting.appendleft(self._in_hand)
            self._in_hand = None
            self._make_room()

    def close(self) -> None:
        """Let `take` return what is left, and then None."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def newest(self) -> int | None:
        """Return the timestamp of the parcel that came last, if any is left."""
        with self._changed:
            last = self._waiting[-1] if self._waiting else self._in_hand
            return last.start if last else None

    def drop_all(self) -> int:
        """Drop all that is left; return how many flushes that is."""
        with self._changed:
            left = [*self._waiting, *([self._in_hand] if self._in_hand else [])]
            self._dropped += sum(parcel.points for parcel in left)
            self._waiting.clear()
            self._in_hand = None
            self._bytes = 0
            return len(left)

    def take_dropped(self) -> int:
        """Return how many points were dropped since the last call."""
        with self._changed:
            dropped, self._dropped = self._dropped, 0
            return dropped

    def _make_room(self) -> None:
        while self._waiting and self._bytes > self._limit:
            oldest = self._waiting.popleft()
            self._bytes -= len(oldest.payload)
            self._dropped += oldest.points
