"""One thread that reads all of Carbon's doors, and hands the points on."""

import logging
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Thread
from typing import Protocol

from celeryscope.address import Address
from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.refusals import BadLine, Refusals
from celeryscope.carbon.streams import LineStream, MessageStream
from celeryscope.carbon.tcp import TcpDoor
from celeryscope.carbon.udp import UdpDoor
from celeryscope.store.protocol import Points
from celeryscope.tally import Tally

_LOGGER = logging.getLogger(__name__)
_PATIENCE_SECONDS = 0.1
# What is read of each connection at the stop, at most, in parts.
_LAST_TURNS = 64


class Sink(Protocol):
    """Takes points; may say that it has enough of them for now."""

    @property
    def is_full(self) -> bool: ...

    def put(self, points: Points) -> None: ...


class Door(Protocol):
    """A bound socket, and those that come of it."""

    @property
    def address(self) -> Address: ...

    def attach(self, ready: selectors.BaseSelector) -> None:
        """Register each socket with what reads it, which never waits and returns its points."""

    def close(self) -> None: ...


class Receiver:
    """Receives lines by TCP and UDP, and pickles by TCP.

    While the sink is full nothing is read: clients by TCP wait, and datagrams stay in the kernel's
    buffer, or are dropped there and counted.
    """

    def __init__(
        self,
        sink: Sink,
        clock: Callable[[], float] = time.time,
        admit: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Take what keeps points, and what says whether those of a new path may come in."""
        self._sink = sink
        self._refusals = Refusals(clock)
        self._decoder = Decoder(self._refusals, clock, admit)
        self._points = Tally(["points"])
        self._drops = Tally(["connections", "kernel", "torn"])
        self._doors: list[Door] = []
        self._ready = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._ready.register(self._woken, selectors.EVENT_READ)
        self._stopping = False
        self._thread = Thread(target=self._receive, name="carbon", daemon=True)

    def listen_for_lines(self, address: Address) -> Address:
        """Bind both sockets, by TCP and UDP; return the address with the port that they have.

        Raises:
            OSError: The address is taken or not ours.
        """
        streams = partial(LineStream, self._decoder, self._refusals)
        bound = self._open(TcpDoor(address, streams, self._drops))
        return self._open(UdpDoor(bound, self._decoder, self._drops))

    def listen_for_pickles(self, address: Address) -> Address:
        """Bind a socket, by TCP; return its address.

        Raises:
            OSError: The address is taken or not ours.
        """
        streams = partial(MessageStream, self._decoder, self._refusals)
        return self._open(TcpDoor(address, streams, self._drops))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Hand on what has arrived, also to a full sink, hang up and free the addresses."""
        self._stopping = True
        self._wake.send(b"!")
        self._thread.join()
        for _ in range(_LAST_TURNS):
            if not self._turn_and_live(0):
                break
        self.close()

    def close(self) -> None:
        """Free the addresses; `stop` does it for a receiver that was started."""
        for door in self._doors:
            door.close()
        for one in (self._wake, self._woken):
            one.close()
        self._ready.close()

    def counters(self) -> Mapping[str, int]:
        """Return what was counted since the last call, by the names of own counters."""
        drops = {f"dropped.{place}": count for place, count in self._drops.take().items()}
        counts = {**self._points.take(), **self._refusals.take_counts(), **drops}
        return {f"carbon.{name}": count for name, count in counts.items()}

    def bad_lines(self) -> list[BadLine]:
        """Return the last lines and messages that were refused, oldest first."""
        return self._refusals.last()

    def _open(self, door: Door) -> Address:
        self._doors.append(door)
        door.attach(self._ready)
        return door.address

    def _receive(self) -> None:
        while not self._stopping:
            if self._sink.is_full:
                time.sleep(_PATIENCE_SECONDS)
            else:
                self._turn_and_live(None)

    def _turn_and_live(self, patience: float | None) -> bool:
        try:
            return self._turn(patience)
        except Exception:
            _LOGGER.exception("receiving failed, and is tried again")
            time.sleep(_PATIENCE_SECONDS)
            return False

    def _turn(self, patience: float | None) -> bool:
        """Read each socket that has something, once; tell whether any was read."""
        found = False
        for key, _ in self._ready.select(patience):
            if key.data is None:  # it wakes the thread up
                continue
            if self._sink.is_full and not self._stopping:
                continue
            found = True
            points = key.data()
            if points is not None and points.names:
                self._points.add("points", len(points.names))
                self._sink.put(points)
        return found
