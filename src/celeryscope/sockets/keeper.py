"""Who has the server's sockets while the server is restarted: what comes waits in their buffers."""

import socket
from dataclasses import dataclass
from typing import Protocol

from celeryscope.address import Address


@dataclass(frozen=True, slots=True)
class Kept:
    """A bound socket, and how many of the kernel's drops were told of before this process."""

    socket: socket.socket
    drops_told: int = 0


class Keeper(Protocol):
    """Keeps a copy of each socket for the process that comes after this one."""

    def claim(self, address: Address) -> Kept | None:
        """Return the socket that was kept for an address, if there is one."""

    def keep(self, bound: socket.socket, drops_told: int) -> None:
        """Keep a socket, which this process may close then."""


class Nobody:
    """Keeps nothing: addresses are free when the process has ended."""

    def claim(self, _address: Address) -> Kept | None:
        return None

    def keep(self, bound: socket.socket, drops_told: int) -> None:
        """Leave the socket to whoever has it."""
