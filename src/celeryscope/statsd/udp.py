"""The UDP socket: a large receive buffer, and the kernel's own count of what it dropped."""

import logging
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress

from celeryscope.address import Address
from celeryscope.statsd import senders
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.datagrams import DatagramListener

_LOGGER = logging.getLogger(__name__)
WANTED_BUFFER = 8 * 1024 * 1024
# At a million datagrams a second a pause brings two thousand, an eighth of what such a buffer has.
_PAUSE_SECONDS = 0.002
_BUFFER_TO_PAUSE_WITH = 4 * 1024 * 1024
_ON_LINUX = sys.platform.startswith("linux")
_SO_RCVBUFFORCE = 33
# Linux grants twice what is asked for, and uses the other half for its own book-keeping.
_GRANTED_TO_WANTED = 2 if _ON_LINUX else 1
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")
_MEMINFO_DROPS = 8
_DROPS_WRAP_AT = 2**32


class UdpListener(DatagramListener):
    """Receives datagrams by UDP, each with its sender."""

    thread_name = "statsd-udp"

    def __init__(
        self,
        address: Address,
        backlog: Backlog | None = None,
        buffer_bytes: int = WANTED_BUFFER,
    ) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        bound = _bound(address, buffer_bytes)
        large = bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= _BUFFER_TO_PAUSE_WITH
        super().__init__(
            bound, backlog or Backlog(), senders.name, _PAUSE_SECONDS if large else 0.0
        )
        self._kernel_drops = 0
        self._kernel_drops_told = 0

    @property
    def address(self) -> Address:
        return Address(*self._socket.getsockname()[:2])

    def __str__(self) -> str:
        return f"udp {self.address}"

    def close(self) -> None:
        self._kernel_drops = self._count_kernel_drops()
        super().close()

    def take_drops(self) -> Mapping[str, int]:
        if self._socket.fileno() >= 0:
            self._kernel_drops = self._count_kernel_drops()
        in_kernel = (self._kernel_drops - self._kernel_drops_told) % _DROPS_WRAP_AT
        self._kernel_drops_told += in_kernel
        return {**super().take_drops(), "kernel": in_kernel}

    def _count_kernel_drops(self) -> int:
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return self._kernel_drops
        drops: int = _MEMINFO.unpack(info)[_MEMINFO_DROPS]
        return drops


def _bound(address: Address, buffer_bytes: int) -> socket.socket:
    bound = socket.socket(address.family, socket.SOCK_DGRAM)
    try:
        _widen(bound, buffer_bytes)
        bound.bind((address.host, address.port))
    except OSError:
        bound.close()
        raise
    return bound


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
