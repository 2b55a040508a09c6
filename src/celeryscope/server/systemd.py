r"""What the server and systemd tell each other, so that a restart loses no datagram.

A socket that the manager keeps goes on receiving while no process runs, and what comes waits in its
buffer for the next one. To `$NOTIFY_SOCKET` go datagrams of lines, some with a descriptor:

    READY=1
    STOPPING=1
    FDSTORE=1\nFDPOLL=0\nFDNAME=0.0.0.0_8125/17  and the socket: keep it by this name
    FDSTOREREMOVE=1\nFDNAME=0.0.0.0_8125/17      keep it no longer
    BARRIER=1                                    and a pipe's end: close it when all before is done

The next process has the sockets from descriptor 3 on, `$LISTEN_FDS` of them, by their names in
`$LISTEN_FDNAMES`. The number in a name tells how many of the kernel's drops were told of. Of a
process that was killed it is as old as the process, so some drops may be told of twice, but none
never.
"""

import logging
import os
import select
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, suppress

from celeryscope.address import Address
from celeryscope.sockets.keeper import Kept
from celeryscope.sockets.udp import bound_address

_LOGGER = logging.getLogger(__name__)
_FIRST_DESCRIPTOR = 3
_BARRIER_MS = 5000


class Manager:
    """The systemd that started this process, or nobody: then all calls do nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # A leading @ stands for the NUL of Linux's abstract names.
        self._notify_path = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._passed = dict(_passed(environ))
        self._names: dict[Address, str] = {}

    def ready(self) -> None:
        self._tell("READY=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def claim(self, address: Address) -> Kept | None:
        """Return the socket that was kept for an address, if there is one."""
        for name, kept in self._passed.items():
            if _is_bound_to(kept, address):
                del self._passed[name]
                self._names[bound_address(kept)] = name
                return Kept(kept, _drops_told(name))
        return None

    def keep(self, bound: socket.socket, drops_told: int) -> None:
        """Have a socket kept for the next process, by a name that takes the place of its last."""
        address = bound_address(bound)
        name = f"{str(address).replace(':', '_')}/{drops_told}"
        self._forget(self._names.get(address))
        self._names[address] = name
        self._tell(f"FDSTORE=1\nFDPOLL=0\nFDNAME={name}", bound.fileno())

    def release_all_but(self, addresses: Collection[Address]) -> None:
        """Free the kept sockets of other addresses: nobody would read what comes there."""
        unwanted = [
            name
            for name, kept in self._passed.items()
            if not any(_is_bound_to(kept, address) for address in addresses)
        ]
        for name in unwanted:
            self._passed.pop(name).close()
            self._forget(name)
        if unwanted:
            self._wait_until_done()

    def _forget(self, name: str | None) -> None:
        if name is not None:
            self._tell(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def _wait_until_done(self) -> None:
        """Wait until the manager has closed what it is to close, so that it can be bound anew."""
        ours, its = os.pipe()
        self._tell("BARRIER=1", its)
        os.close(its)
        waiting = select.poll()
        waiting.register(ours, select.POLLHUP)
        waiting.poll(_BARRIER_MS)
        os.close(ours)

    def _tell(self, lines: str, *descriptors: int) -> None:
        if not self._notify_path:
            return
        try:
            with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as telling:
                telling.connect(self._notify_path)
                socket.send_fds(telling, [lines.encode()], descriptors)
        except OSError as error:
            _LOGGER.warning("systemd could not be told %s: %s", lines.partition("=")[0], error)


def _passed(environ: Mapping[str, str]) -> Iterator[tuple[str, socket.socket]]:
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    for i, name in zip(range(int(environ["LISTEN_FDS"])), names, strict=True):
        os.set_inheritable(_FIRST_DESCRIPTOR + i, False)  # noqa: FBT003 -- it takes no keyword
        yield name, socket.socket(fileno=_FIRST_DESCRIPTOR + i)


def _is_bound_to(kept: socket.socket, address: Address) -> bool:
    if (kept.family, kept.type) != (address.family, socket.SOCK_DGRAM):
        return False
    with suppress(OSError):
        found = socket.getaddrinfo(address.host, address.port, address.family, socket.SOCK_DGRAM)
        return any(peer[:2] == kept.getsockname()[:2] for *_, peer in found)
    return False


def _drops_told(name: str) -> int:
    told = name.rpartition("/")[2]
    return int(told) if told.isdecimal() else 0
