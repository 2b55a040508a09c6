"""UDP sockets: a large receive buffer, and the kernel's own count of what it dropped."""

import logging
import socket
import struct
import sys
from contextlib import suppress

from celeryscope.address import Address
from celeryscope.sockets.keeper import Keeper, Kept

WANTED_BUFFER = 8 * 1024 * 1024
_LOGGER = logging.getLogger(__name__)
_ON_LINUX = sys.platform.startswith("linux")
_SO_RCVBUFFORCE = 33
# Linux grants twice what is asked for, and uses the other half for its own book-keeping.
_GRANTED_TO_WANTED = 2 if _ON_LINUX else 1
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")
_MEMINFO_DROPS = 8
_DROPS_WRAP_AT = 2**32


def bind_udp(address: Address, buffer_bytes: int = WANTED_BUFFER) -> socket.socket:
    """Return a bound socket; a buffer smaller than wanted is logged with what to do about it.

    Raises:
        OSError: The address is taken or not ours.
    """
    bound = socket.socket(address.family, socket.SOCK_DGRAM)
    try:
        _widen(bound, buffer_bytes)
        bound.bind((address.host, address.port))
    except OSError:
        bound.close()
        raise
    return bound


def open_udp(address: Address, buffer_bytes: int, keeper: Keeper) -> Kept:
    """Return the socket that was kept, or else a bound one, which is kept from now on.

    Raises:
        OSError: The address is taken or not ours.
    """
    if kept := keeper.claim(address):
        _widen(kept.socket, buffer_bytes)
        return kept
    bound = bind_udp(address, buffer_bytes)
    keeper.keep(bound, 0)
    return Kept(bound)


def bound_address(bound: socket.socket) -> Address:
    return Address(*bound.getsockname()[:2])


class KernelDrops:
    """Counts the datagrams that the kernel dropped; none where it does not tell."""

    def __init__(self, bound: socket.socket, told: int = 0) -> None:
        self._socket = bound
        self._seen = self._told = told

    @property
    def seen(self) -> int:
        """Return how many there were since the socket was made."""
        return self._seen

    def look(self) -> None:
        """Ask the kernel; to be done once more before the socket is closed."""
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return
        self._seen = _MEMINFO.unpack(info)[_MEMINFO_DROPS]

    def take(self) -> int:
        """Return how many there were since the last call."""
        if self._socket.fileno() >= 0:
            self.look()
        new = (self._seen - self._told) % _DROPS_WRAP_AT
        self._told += new
        return new


def _widen(bound: socket.socket, wanted: int) -> None:
    granted = _grant(bound, wanted) // _GRANTED_TO_WANTED
    if granted < wanted:
        _LOGGER.warning(
            "the receive buffer has %d bytes and not %d, so a burst may lose datagrams; raise the "
            "limit with `sysctl -w net.core.rmem_max=%d` and start again",
            granted,
            wanted,
            wanted,
        )


def _grant(bound: socket.socket, wanted: int) -> int:
    """Ask for a receive buffer; beyond the system's limit a privileged process alone gets it."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    if _ON_LINUX:
        with suppress(PermissionError):
            bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    return bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
