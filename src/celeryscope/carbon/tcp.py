"""Streams of points by TCP: no client waits for another, and none can hold much memory."""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ, BaseSelector

from celeryscope.address import Address
from celeryscope.carbon.streams import Stream
from celeryscope.store.protocol import Points
from celeryscope.tally import Tally

_LOGGER = logging.getLogger(__name__)
MAX_CONNECTIONS = 1000
MAX_HELD = 64 * 1024 * 1024
_WAITING_CONNECTIONS = 128
_PART_BYTES = 262_144
_PATIENCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    socket: socket.socket
    stream: Stream


class TcpDoor:
    """Reads the streams of at most 1000 clients at a time.

    What they have sent and not completed is 64 MiB at most; who goes beyond that is hung up on. A
    client that closes completes its last line, one that is cut off does not.
    """

    def __init__(
        self,
        address: Address,
        open_stream: Callable[[str], Stream],
        drops: Tally,
        max_connections: int = MAX_CONNECTIONS,
        max_held: int = MAX_HELD,
    ) -> None:
        """Bind the socket; `open_stream` is called with each client's name.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._open_stream = open_stream
        self._drops = drops
        self._max_connections = max_connections
        self._max_held = max_held
        self._held = 0
        self._connections: set[_Connection] = set()
        self._accepting = True
        self._listening = socket.create_server(
            (address.host, address.port), family=address.family, backlog=_WAITING_CONNECTIONS
        )
        self._listening.settimeout(0)

    @property
    def address(self) -> Address:
        return Address(*self._listening.getsockname()[:2])

    def __str__(self) -> str:
        return f"tcp {self.address}"

    def attach(self, ready: BaseSelector) -> None:
        ready.register(self._listening, EVENT_READ, partial(self._accept, ready))

    def close(self) -> None:
        unread = 0
        for connection in self._connections:
            self._drops.add("torn", connection.stream.held > 0)
            unread += _has_unread(connection.socket)
            connection.socket.close()
        if unread:
            _LOGGER.error("clients of %s cut off before all was read: %d", str(self), unread)
        self._connections.clear()
        self._listening.close()

    def _accept(self, ready: BaseSelector) -> None:
        try:
            client, (host, port, *_) = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):  # it has gone again
            return
        except OSError as error:  # no descriptor is left; the client stays in the queue
            self._wait_for_descriptors(error)
            return
        self._accepting = True
        if len(self._connections) >= self._max_connections:
            client.close()
            self._drops.add("connections")
            return
        client.settimeout(0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = _Connection(client, self._open_stream(f"tcp {Address(host, port)}"))
        self._connections.add(connection)
        ready.register(client, EVENT_READ, partial(self._read, connection, ready))

    def _wait_for_descriptors(self, error: OSError) -> None:
        if self._accepting:
            _LOGGER.error("clients of %s have to wait: %s", self, error)
        self._accepting = False
        time.sleep(_PATIENCE_SECONDS)

    def _read(self, connection: _Connection, ready: BaseSelector) -> Points | None:
        stream = connection.stream
        held = stream.held
        try:
            part = connection.socket.recv(_PART_BYTES)
        except BlockingIOError:
            return None
        except OSError:  # the client was cut off
            self._hang_up(connection, ready, held)
            return None
        points = stream.feed(part) if part else stream.end()
        self._held += stream.held - held
        if not part or stream.broken or self._held > self._max_held:
            self._hang_up(connection, ready, stream.held)
        return points

    def _hang_up(self, connection: _Connection, ready: BaseSelector, held: int) -> None:
        self._held -= held
        self._drops.add("torn", held > 0)
        self._connections.discard(connection)
        ready.unregister(connection.socket)
        connection.socket.close()


def _has_unread(client: socket.socket) -> bool:
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except OSError:  # nothing is there, or the client was cut off
        return False
