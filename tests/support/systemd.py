"""Plays systemd for one unit: hears what it is told, keeps its sockets, and starts it with them."""

import contextlib
import os
import socket
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread

from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

# The sockets come from descriptor 3 on, and the process that is to have them is named.
LAUNCHER = """
import fcntl, os, sys
count = int(sys.argv[1])
given, command = sys.argv[2:2 + count], sys.argv[2 + count:]
moved = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 3 + count) for one in given]
for i, one in enumerate(moved):
    os.dup2(one, 3 + i)
os.closerange(3 + count, os.sysconf("SC_OPEN_MAX"))
if count:
    os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(command[0], command)
"""
A_DATAGRAM = 4096


class Systemd:
    """The unit's side of the service manager."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.kept: list[tuple[str, int]] = []
        self._name = f"celeryscope-{uuid.uuid4().hex}"
        self._hears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._hears.bind(f"\0{self._name}")
        self._thread = Thread(target=self._hear, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Return what the unit finds in NOTIFY_SOCKET."""
        return f"@{self._name}"

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.kept]

    @contextlib.contextmanager
    def starts(
        self, folder: Path, flags: Sequence[str], statsd_port: int
    ) -> Iterator[ServerUnderTest]:
        """Run the server with all that was kept, after all that its last process told."""
        self.settle()
        kept = [str(descriptor) for _, descriptor in self.kept]
        env = {"NOTIFY_SOCKET": self.address}
        if kept:
            env |= {"LISTEN_FDS": str(len(kept)), "LISTEN_FDNAMES": ":".join(self.names)}
        with celeryscope_server(
            folder,
            flags,
            statsd_port,
            under=[sys.executable, "-c", LAUNCHER, str(len(kept)), *kept],
            env=env,
            pass_fds=[descriptor for _, descriptor in self.kept],
        ) as server:
            yield server

    def settle(self) -> None:
        """Wait until all is heard that was told until now."""
        mark = f"SETTLED={uuid.uuid4().hex}"
        self._send(mark.encode())
        wait_until(lambda: mark in self.told, what="all that was told")

    def close(self) -> None:
        self._send(b"")
        self._thread.join()
        self._hears.close()
        self._forget(set(self.names))

    def _send(self, data: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.sendto(data, f"\0{self._name}")

    def _hear(self) -> None:
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._hears, A_DATAGRAM, 8)
            if not data:
                return
            lines = dict(line.split("=", 1) for line in data.decode().splitlines())
            match lines:
                case {"FDSTORE": "1", "FDNAME": name}:
                    self._keep(name, descriptors)
                case {"FDSTOREREMOVE": "1", "FDNAME": name}:
                    self._forget({name})
                case {"BARRIER": "1"}:
                    os.close(descriptors[0])
                case _:
                    self.told.append(data.decode())

    def _keep(self, name: str, descriptors: Sequence[int]) -> None:
        """Keep descriptors but those of files that are kept already, which systemd refuses."""
        inodes = {os.fstat(descriptor).st_ino for _, descriptor in self.kept}
        for descriptor in descriptors:
            if os.fstat(descriptor).st_ino in inodes:
                os.close(descriptor)
            else:
                self.kept.append((name, descriptor))

    def _forget(self, names: set[str]) -> None:
        for name, descriptor in [one for one in self.kept if one[0] in names]:
            self.kept.remove((name, descriptor))
            os.close(descriptor)
