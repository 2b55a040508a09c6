"""What tests of listeners share: a start that ends, and taking until enough has come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from celeryscope.statsd.batch import Batch
from celeryscope.statsd.listeners import Listener
from support.processes import wait_until

AnyListener = TypeVar("AnyListener", bound=Listener)


@contextmanager
def started(listener: AnyListener) -> Iterator[AnyListener]:
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


def received(listener: Listener, wanted: int) -> list[bytes]:
    """Take until there are as many datagrams as wanted."""
    taken: list[bytes] = []

    def enough() -> bool:
        taken.extend(listener.take().datagrams)
        return len(taken) >= wanted

    wait_until(enough, what=f"{wanted} datagrams")
    return taken


def next_batch(listener: Listener) -> Batch:
    """Wait for datagrams, and take those that came first."""
    wait_until(lambda: listener.waiting, what="a datagram")
    return listener.take()


def lost(listener: Listener) -> dict[str, int]:
    """Return what was lost since it was asked last, without the places where nothing was."""
    return {place: count for place, count in listener.take_drops().items() if count}
