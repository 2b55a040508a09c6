"""Receivers by Unix datagram and by TCP, to stand where a StatsD server would."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from support.processes import wait_until


class UnixReceiver:
    """Datagrams on a socket in the file system, read when asked for."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0)
        self.address = f"unix://{path}"

    def datagrams(self) -> list[bytes]:
        """Return those that wait."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self._socket.recv(65536))
        return found

    def close(self) -> None:
        self._socket.close()


class TcpReceiver:
    """Streams on a loopback port, accepted at once and read when asked for."""

    def __init__(self, port: int = 0) -> None:
        self._listening = socket.create_server(("127.0.0.1", port))
        self._listening.settimeout(0)
        self._connections: list[socket.socket] = []
        self._read = b""

    @property
    def port(self) -> int:
        port: int = self._listening.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def accepted(self) -> int:
        """Accept who waits; return how many connections there were."""
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listening.accept()
                connection.settimeout(0)
                self._connections.append(connection)
        return len(self._connections)

    def lines(self) -> list[bytes]:
        """Read what has come; return all whole lines since the start."""
        self.accepted()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                while part := connection.recv(1 << 20):
                    self._read += part
        return self._read.split(b"\n")[:-1]

    def wait_for_lines(self, count: int) -> list[bytes]:
        wait_until(lambda: len(self.lines()) >= count, within=10, what=f"{count} lines")
        return self.lines()

    def hang_up(self) -> None:
        """Close the connections that there are, and listen on."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def close(self) -> None:
        self.hang_up()
        self._listening.close()


@contextlib.contextmanager
def unix_receiver(path: Path) -> Iterator[UnixReceiver]:
    with contextlib.closing(UnixReceiver(path)) as listening:
        yield listening


@contextlib.contextmanager
def tcp_receiver(port: int = 0) -> Iterator[TcpReceiver]:
    with contextlib.closing(TcpReceiver(port)) as listening:
        yield listening
