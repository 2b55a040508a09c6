"""Datagrams by UDP, each with its sender."""

import socket
from collections.abc import Mapping

from celeryscope.address import Address
from celeryscope.sockets import senders
from celeryscope.sockets.keeper import Keeper, Nobody
from celeryscope.sockets.udp import WANTED_BUFFER, KernelDrops, bound_address, open_udp
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.datagrams import DatagramListener

# At a million datagrams a second a pause brings two thousand, an eighth of what such a buffer has.
_PAUSE_SECONDS = 0.002
_BUFFER_TO_PAUSE_WITH = 4 * 1024 * 1024
_NOBODY = Nobody()


class UdpListener(DatagramListener):
    """Receives datagrams by UDP, each with its sender."""

    thread_name = "statsd-udp"

    def __init__(
        self,
        address: Address,
        backlog: Backlog | None = None,
        buffer_bytes: int = WANTED_BUFFER,
        keeper: Keeper = _NOBODY,
    ) -> None:
        """Bind the socket, or take the one that was kept.

        Raises:
            OSError: The address is taken or not ours.
        """
        kept = open_udp(address, buffer_bytes, keeper)
        bound = kept.socket
        large = bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= _BUFFER_TO_PAUSE_WITH
        super().__init__(
            bound, backlog or Backlog(), senders.name, _PAUSE_SECONDS if large else 0.0
        )
        self._kernel_drops = KernelDrops(bound, kept.drops_told)
        self._keeper = keeper

    @property
    def address(self) -> Address:
        return bound_address(self._socket)

    def __str__(self) -> str:
        return f"udp {self.address}"

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._kernel_drops.look()
            self._keeper.keep(self._socket, self._kernel_drops.seen)
        super().close()

    def take_drops(self) -> Mapping[str, int]:
        return {**super().take_drops(), "kernel": self._kernel_drops.take()}
