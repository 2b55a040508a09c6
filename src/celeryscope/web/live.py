"""News of each stored flush, from the thread that stored it to the pages that are open."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import orjson

_WAITING_EVENTS = 16
_HEARTBEAT_SECONDS = 15.0
_RECONNECT = b"retry: 2000\n\n"
_HEARTBEAT = b": no news\n\n"


@dataclass(frozen=True, slots=True)
class FlushEvent:
    """A flush is stored and visible: its first second (Unix time) and its length."""

    start: float
    seconds: float

    def message(self) -> bytes:
        """Return the event as server-sent events write it."""
        return b"data: %s\n\n" % orjson.dumps({"flush": self.start, "seconds": self.seconds})


class Subscription:
    """One page's events; when it falls behind, the oldest go."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: deque[FlushEvent] = deque(maxlen=_WAITING_EVENTS)
        self._news = asyncio.Event()
        self.closed = False

    def put(self, event: FlushEvent) -> None:
        """Add an event from any thread."""
        self._later(event)

    def close(self) -> None:
        """End the subscription from any thread."""
        self._later(None)

    async def next(self, within: float) -> FlushEvent | None:
        """Return the next event; None when there is none `within` seconds, or ever."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), within)
        event = self._events.popleft() if self._events else None
        if not self._events and not self.closed:
            self._news.clear()
        return event

    def _later(self, event: FlushEvent | None) -> None:
        # A loop that has ended has no page left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, event)

    def _take(self, event: FlushEvent | None) -> None:
        if event is None:
            self.closed = True
        else:
            self._events.append(event)
        self._news.set()


class LiveFeed:
    """Tells every open page of each flush; safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Subscription] = set()
        self._closed = False

    def publish(self, event: FlushEvent) -> None:
        """Tell all pages; never blocks."""
        for subscription in self._subscriptions():
            subscription.put(event)

    def close(self) -> None:
        """End all streams and refuse new ones, so that a server that stops waits for none."""
        with self._lock:
            self._closed = True
        for subscription in self._subscriptions():
            subscription.close()

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Yield a Subscription of the running event loop."""
        subscription = Subscription()
        with self._lock:
            subscription.closed = self._closed
            self._open.add(subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                self._open.discard(subscription)

    def _subscriptions(self) -> list[Subscription]:
        with self._lock:
            return list(self._open)


async def stream(feed: LiveFeed, heartbeat: float = _HEARTBEAT_SECONDS) -> AsyncIterator[bytes]:
    """Yield a page's server-sent events until the feed closes."""
    with feed.subscribe() as subscription:
        yield _RECONNECT
        while not subscription.closed:
            event = await subscription.next(heartbeat)
            if event or not subscription.closed:
                yield event.message() if event else _HEARTBEAT
