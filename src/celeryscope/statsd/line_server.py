"""A TCP server that answers lines, bounded in all that a client can make it hold."""

import logging
import selectors
import socket
import time
from collections.abc import Callable
from threading import Thread

from celeryscope.address import Address

_LOGGER = logging.getLogger(__name__)
MAX_CONNECTIONS = 16
MAX_LINE = 8192
IDLE_SECONDS = 60.0
_READ = 4096
_ERROR = b"ERROR\n"
_BACKLOG = 16
_RETRY_SECONDS = 0.1

Answer = Callable[[str], bytes | None]
"""Answers a line without its end; None ends the connection."""


class LineServer:
    """Answers each line on one thread; a connection's next line waits until it took its answer.

    A connection that neither ends a line nor takes an answer for `idle_seconds` is closed, as is
    one of more than `max_connections`, and one whose line is longer than 8 KiB.
    """

    def __init__(
        self,
        address: Address,
        answer: Answer,
        *,
        max_connections: int = MAX_CONNECTIONS,
        idle_seconds: float = IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._answer = answer
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._connections: set[_Connection] = set()
        self._stopping = False
        self._socket = socket.create_server(
            (address.host, address.port), family=address.family, backlog=_BACKLOG
        )
        self._socket.settimeout(0)
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = Thread(target=self._run, name="admin", daemon=True)

    @property
    def address(self) -> Address:
        return Address(*self._socket.getsockname()[:2])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End all connections and free the address."""
        self._stopping = True
        self._wake.send(b"!")
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Free the address; `stop` does it for a server that was started."""
        for connection in list(self._connections):
            self._end(connection)
        for one in (self._socket, self._wake, self._woken):
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stopping:
            self._turn_and_live()

    def _turn_and_live(self) -> None:
        try:
            self._turn()
        except Exception:
            _LOGGER.exception("the admin port failed, and is tried again")
            time.sleep(_RETRY_SECONDS)

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._patience()):
            if key.fileobj is self._socket:
                self._accept()
            elif isinstance(key.data, _Connection):
                self._serve(key.data)
        self._end_the_idle()

    def _patience(self) -> float | None:
        if not self._connections:
            return None
        soonest = min(connection.stirred for connection in self._connections)
        return max(soonest + self._idle_seconds - self._clock(), 0.0)

    def _accept(self) -> None:
        try:
            client, _ = self._socket.accept()
        except OSError:  # gone again, or no descriptor is left and it would be tried without end
            time.sleep(_RETRY_SECONDS)
            return
        if len(self._connections) >= self._max_connections:
            client.close()
            return
        client.settimeout(0)
        connection = _Connection(client, self._answer, self._clock())
        self._connections.add(connection)
        self._selector.register(client, selectors.EVENT_READ, connection)

    def _serve(self, connection: "_Connection") -> None:
        try:
            stirred = connection.go_on()
        except OSError:
            self._end(connection)
            return
        if connection.ended:
            self._end(connection)
            return
        if stirred:
            connection.stirred = self._clock()
        waits_for = selectors.EVENT_WRITE if connection.unsent else selectors.EVENT_READ
        self._selector.modify(connection.socket, waits_for, connection)

    def _end_the_idle(self) -> None:
        limit = self._clock() - self._idle_seconds
        for connection in [one for one in self._connections if one.stirred <= limit]:
            self._end(connection)

    def _end(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()


class _Connection:
    """A client: at most one line of it that is not ended, and one answer that it has not taken."""

    def __init__(self, client: socket.socket, answer: Answer, now: float) -> None:
        self.socket = client
        self.stirred = now
        self.unsent = memoryview(b"")
        self._answer = answer
        self._received = b""
        self._closing = False

    @property
    def ended(self) -> bool:
        return self._closing and not self.unsent

    def go_on(self) -> bool:
        """Send or receive, whichever is due, and answer; return whether anything came of it.

        Raises:
            OSError: The client is gone.
        """
        stirred = self._send() if self.unsent else self._receive()
        while not self.unsent and not self._closing and b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            self._take(line)
            stirred = True
        if len(self._received) > MAX_LINE and not self.unsent:
            self._received, self.unsent, self._closing = b"", memoryview(_ERROR), True
        return stirred

    def _send(self) -> bool:
        sent = self.socket.send(self.unsent)
        self.unsent = self.unsent[sent:]
        return sent > 0

    def _receive(self) -> bool:
        received = self.socket.recv(_READ)
        self._received += received
        if not received:
            self._take(self._received)
            self._closing = True
        return False

    def _take(self, line: bytes) -> None:
        text = line.decode("ascii", "replace").strip()
        if text:
            answer = self._safe_answer(text)
            self._closing = answer is None
            self.unsent = memoryview(answer or b"")

    def _safe_answer(self, line: str) -> bytes | None:
        try:
            return self._answer(line)
        except Exception:
            _LOGGER.exception("no answer to %r", line)
            return _ERROR
