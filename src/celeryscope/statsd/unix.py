"""Datagrams by a Unix socket, which makes senders wait where UDP would lose."""

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.datagrams import DatagramListener

# To send takes the right to write; who may reach the socket at all, its folder says.
_MODE = 0o622


class UnixListener(DatagramListener):
    """Receives datagrams on a path, where it makes a socket and removes it in the end."""

    thread_name = "statsd-unix"

    def __init__(self, path: Path, backlog: Backlog | None = None) -> None:
        """Bind the socket, in the place of one on which nobody listens any more.

        Raises:
            OSError: Somebody listens there, or there is a file that is no socket, or no folder.
        """
        _remove_stale(path)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            bound.bind(str(path))
            path.chmod(_MODE)
        except OSError:
            bound.close()
            raise
        super().__init__(bound, backlog or Backlog(), _name, pause=0.0)
        self._path = path
        self._inode = path.stat().st_ino

    def __str__(self) -> str:
        return f"unix {self._path}"

    def close(self) -> None:
        super().close()
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()


def _name(_sender: bytes) -> str:
    return "unix"


def _remove_stale(path: Path) -> None:
    try:
        is_socket = stat.S_ISSOCK(path.stat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise _in_use(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise _in_use(path)


def _in_use(path: Path) -> OSError:
    return OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))
