"""Lines by TCP: one thread for all connections, none of which can hold up another."""

import logging
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from threading import Thread

from celeryscope.address import Address
from celeryscope.sockets import senders
from celeryscope.sockets.lines import LineCutter
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.batch import Batch
from celeryscope.tally import Tally

_LOGGER = logging.getLogger(__name__)
MAX_CONNECTIONS = 1000
MAX_LINE = 65_536
_WAITING_CONNECTIONS = 128
_PART_BYTES = 65_536
_PATIENCE_SECONDS = 0.1
# A connection that was silent for so long gives way to a new one when there are too many.
_SILENT_SECONDS = 60.0
# What is read of each connection at the stop, at most.
_LAST_PARTS = 64


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sender: bytes
    stirred: float
    lines: LineCutter


class TcpListener:
    """Receives newline-terminated lines from at most `max_connections` clients at a time.

    What one read completes counts as one datagram. A client that closes without a last newline
    still has its last line; one that is cut off loses it. Of too many the longest silent one gives
    way, once it has been silent for a minute. While the backlog is full, clients wait.
    """

    def __init__(
        self,
        address: Address,
        backlog: Backlog | None = None,
        max_connections: int = MAX_CONNECTIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._backlog = backlog or Backlog()
        self._max_connections = max_connections
        self._clock = clock
        # By [::] it takes IPv4, too, as a UDP socket does.
        self._listening = socket.create_server(
            (address.host, address.port),
            family=address.family,
            backlog=_WAITING_CONNECTIONS,
            dualstack_ipv6=address.family == socket.AF_INET6 and socket.has_dualstack_ipv6(),
        )
        self._listening.settimeout(0)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._listening, selectors.EVENT_READ)
        self._drops = Tally(["oversize", "torn", "connections"])
        self._failing = False
        self._stopping = False
        self._thread = Thread(target=self._receive, name="statsd-tcp", daemon=True)

    @property
    def address(self) -> Address:
        return Address(*self._listening.getsockname()[:2])

    @property
    def waiting(self) -> int:
        return self._backlog.waiting

    @property
    def is_receiving(self) -> bool:
        return self._thread.is_alive() and not self._failing

    def __str__(self) -> str:
        return f"tcp {self.address}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._thread.join()
        self._drain()
        self.close()

    def close(self) -> None:
        for connection in self._connections():
            connection.socket.close()
        self._ready.close()
        self._listening.close()

    def take(self, until: float = inf) -> Batch:
        return Batch(*self._backlog.take(until), name=_name)

    def oldest(self) -> float | None:
        return self._backlog.oldest()

    def take_drops(self) -> Mapping[str, int]:
        return {**self._drops.take(), "backlog": self._backlog.take_dropped()}

    def _connections(self) -> list[_Connection]:
        return [key.data for key in self._ready.get_map().values() if key.data is not None]

    def _receive(self) -> None:
        while not self._stopping:
            self._turn_and_live()

    def _turn_and_live(self) -> None:
        try:
            self._turn()
            self._failing = False
        except OSError:
            if not self._failing:
                _LOGGER.exception("receiving failed, and is tried again until it works")
            self._failing = True
            time.sleep(_PATIENCE_SECONDS)

    def _turn(self) -> None:
        if self._backlog.is_full:
            time.sleep(_PATIENCE_SECONDS)
            return
        ready = [key.data for key, _ in self._ready.select(_PATIENCE_SECONDS)]
        for connection in filter(None, ready):
            if self._backlog.is_full:
                return
            self._read(connection)
        # Last, since it fails while the process may open no more files.
        if None in ready:
            self._accept()

    def _accept(self) -> None:
        try:
            accepted, (host, port, *_) = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):  # it has gone again
            return
        now = self._clock()
        if not self._has_room(now):
            self._drops.add("connections")
            accepted.close()
            return
        accepted.settimeout(0)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        lines = LineCutter(MAX_LINE, self._leave_out)
        connection = _Connection(accepted, senders.pack(host, port), now, lines)
        self._ready.register(accepted, selectors.EVENT_READ, connection)

    def _has_room(self, now: float) -> bool:
        """Tell whether one more connection may be; of too many the longest silent one ends."""
        connections = self._connections()
        if len(connections) < self._max_connections:
            return True
        silent = min(connections, key=lambda connection: connection.stirred)
        if now - silent.stirred < _SILENT_SECONDS:
            return False
        self._drops.add("torn", bool(silent.lines.end()))
        self._hang_up(silent)
        return True

    def _read(self, connection: _Connection) -> bool:
        """Read once; tell whether there may be more."""
        try:
            part = connection.socket.recv(_PART_BYTES)
        except BlockingIOError:
            return False
        except OSError:  # the client was cut off
            self._drops.add("torn", bool(connection.lines.end()))
            self._hang_up(connection)
            return False
        connection.stirred = self._clock()
        self._keep(connection, connection.lines.cut(part) if part else connection.lines.end())
        if not part:
            self._hang_up(connection)
        return bool(part)

    def _leave_out(self, line: bytes) -> None:
        del line
        self._drops.add("oversize")

    def _keep(self, connection: _Connection, lines: bytes) -> None:
        if lines:
            self._backlog.put([lines], connection.sender)

    def _hang_up(self, connection: _Connection) -> None:
        self._ready.unregister(connection.socket)
        connection.socket.close()

    def _drain(self) -> None:
        """Read what has arrived; a line that is not whole yet is torn."""
        for connection in self._connections():
            for _ in range(_LAST_PARTS):
                if not self._read(connection):
                    break
            self._drops.add("torn", bool(connection.lines.end()))


def _name(sender: bytes) -> str:
    return f"tcp {senders.name(sender)}"
