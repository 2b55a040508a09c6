"""A carbon that keeps every point it is sent, to stand where a real one would."""

import contextlib
import socket
from collections.abc import Iterator
from threading import Lock, Thread
from typing import NamedTuple

from support.processes import wait_until


class Received(NamedTuple):
    """One point, as a line said it."""

    path: str
    value: float
    timestamp: int


class RecordingCarbon:
    """Takes Carbon's lines on a loopback port, on a thread for each connection."""

    def __init__(self, port: int = 0) -> None:
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self._lock = Lock()
        self._connections: list[socket.socket] = []
        self._lines: list[bytes] = []
        self._bytes = b""
        Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def lines(self) -> list[str]:
        """Return the whole lines that came, in order of their arrival."""
        with self._lock:
            return [line.decode() for line in self._lines]

    def everything(self) -> bytes:
        """Return all that came, of whatever form."""
        with self._lock:
            return self._bytes

    def points(self) -> list[Received]:
        return [_parsed(line) for line in self.lines()]

    def at(self, timestamp: int) -> dict[str, float]:
        """Return one flush's values by path; none may have come twice."""
        found = [(one.path, one.value) for one in self.points() if one.timestamp == timestamp]
        assert len(found) == len(dict(found)), f"a path came twice at {timestamp}"
        return dict(found)

    def timestamps(self) -> list[int]:
        """Return each flush's timestamp once, in order of arrival."""
        return list(dict.fromkeys(one.timestamp for one in self.points()))

    def wait_for_points(self, count: int) -> list[Received]:
        wait_until(lambda: len(self.lines()) >= count, what=f"{count} points")
        return self.points()

    def hang_up(self) -> None:
        """Close the connections that there are, and listen on."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._connections.clear()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with self._lock:
                    self._connections.append(connection)
                Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        partial = b""
        with contextlib.suppress(OSError), connection:
            while part := connection.recv(1 << 16):
                *lines, partial = (partial + part).split(b"\n")
                with self._lock:
                    self._bytes += part
                    self._lines += lines


def _parsed(line: str) -> Received:
    path, value, timestamp = line.split()
    return Received(path, float(value), int(timestamp))


@contextlib.contextmanager
def recording_carbon(port: int = 0) -> Iterator[RecordingCarbon]:
    with contextlib.closing(RecordingCarbon(port)) as carbon:
        yield carbon
