"""The UDP socket, read by a thread that does nothing else."""

import logging
import socket
import struct
import time
from collections import deque
from contextlib import suppress
from threading import Thread

from celeryscope.address import Address

_LOGGER = logging.getLogger(__name__)
MAX_DATAGRAM = 65_536
MAX_BACKLOG = 200_000
WANTED_BUFFER = 8 * 1024 * 1024
# A receive that waits in vain this long ends, so that the thread sees that it is to stop.
_PATIENCE = struct.pack("@ll", 0, 100_000)
_RETRY_SECONDS = 0.1
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")
_MEMINFO_DROPS = 8
_DROPS_WRAP_AT = 2**32


class UdpListener:
    """Receives datagrams from its start to its stop; `take` hands over what came since.

    At most `max_backlog` datagrams wait to be taken; any more are dropped and counted.
    """

    def __init__(
        self,
        address: Address,
        max_backlog: int = MAX_BACKLOG,
        buffer_bytes: int = WANTED_BUFFER,
    ) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._max_backlog = max_backlog
        self._backlog: deque[bytes] = deque()
        self._dropped = 0
        self._dropped_told = 0
        self._kernel_drops = 0
        self._kernel_drops_told = 0
        self._stopping = False
        self._socket = _bound(address, buffer_bytes)
        self._thread = Thread(target=self._receive, name="statsd-udp", daemon=True)

    @property
    def address(self) -> Address:
        return Address(*self._socket.getsockname()[:2])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop receiving and close the socket; what came until now can still be taken."""
        self._stopping = True
        self._thread.join()
        self._drain()
        self.close()

    def close(self) -> None:
        """Free the address; `stop` does it for a listener that was started."""
        self._kernel_drops = self._count_kernel_drops()
        self._socket.close()

    def take(self) -> list[bytes]:
        """Return the datagrams received since the last call, in their order."""
        return [self._backlog.popleft() for _ in range(len(self._backlog))]

    def take_drops(self) -> tuple[int, int]:
        """Return the datagrams lost since the last call: by this process, by the kernel."""
        if self._socket.fileno() >= 0:
            self._kernel_drops = self._count_kernel_drops()
        here = self._dropped - self._dropped_told
        in_kernel = (self._kernel_drops - self._kernel_drops_told) % _DROPS_WRAP_AT
        self._dropped_told += here
        self._kernel_drops_told += in_kernel
        return here, in_kernel

    def _receive(self) -> None:
        while not self._stopping:
            self._receive_while_they_come()

    def _receive_while_they_come(self) -> None:
        try:
            while not self._stopping:
                self._keep(self._socket.recv(MAX_DATAGRAM))
        except BlockingIOError:
            return
        except OSError:
            _LOGGER.exception("receiving failed, and is tried again")
            time.sleep(_RETRY_SECONDS)

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            for _ in range(self._max_backlog):
                self._keep(self._socket.recv(MAX_DATAGRAM, socket.MSG_DONTWAIT))

    def _keep(self, datagram: bytes) -> None:
        if len(self._backlog) < self._max_backlog:
            self._backlog.append(datagram)
        else:
            self._dropped += 1

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
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        bound.bind((address.host, address.port))
    except OSError:
        bound.close()
        raise
    return bound
