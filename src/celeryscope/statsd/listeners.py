"""The UDP socket, read by a thread that does nothing else."""

import socket
import struct
from threading import Thread

from celeryscope.address import Address

MAX_DATAGRAM = 65_536
MAX_BACKLOG = 200_000
WANTED_BUFFER = 8 * 1024 * 1024
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")
_MEMINFO_DROPS = 8


class UdpListener:
    """Receives datagrams from its start to its stop; `take` hands over what came since."""

    def __init__(self, address: Address, max_backlog: int = MAX_BACKLOG) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._max_backlog = max_backlog
        self._batch: list[bytes] = []
        self._dropped = 0
        self._kernel_drops_told = 0
        self._stopping = False
        self._socket = socket.socket(address.family, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED_BUFFER)
            self._socket.bind((address.host, address.port))
        except OSError:
            self._socket.close()
            raise
        self._thread = Thread(target=self._receive, name="statsd-udp", daemon=True)

    @property
    def address(self) -> Address:
        return Address(*self._socket.getsockname()[:2])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop receiving and close the socket; what was received can still be taken."""
        self._stopping = True
        with socket.socket(self._socket.family, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._wake_address())
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Free the address of a listener that was not started."""
        self._socket.close()

    def take(self) -> list[bytes]:
        """Return the datagrams received since the last call, in their order."""
        batch, self._batch = self._batch, []
        return batch

    def take_drops(self) -> tuple[int, int]:
        """Return the datagrams lost since the last call: by this process, by the kernel."""
        dropped, self._dropped = self._dropped, 0
        total = self._kernel_drops()
        kernel, self._kernel_drops_told = total - self._kernel_drops_told, total
        return dropped, kernel

    def _receive(self) -> None:
        receive = self._socket.recv
        while True:
            datagram = receive(MAX_DATAGRAM)
            if self._stopping:
                return
            if len(self._batch) < self._max_backlog:
                self._batch.append(datagram)
            else:
                self._dropped += 1

    def _wake_address(self) -> tuple[str, int]:
        host, port = self.address.host, self.address.port
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared, not bound
        return anywhere.get(host, host), port

    def _kernel_drops(self) -> int:
        if self._socket.fileno() < 0:
            return self._kernel_drops_told
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return self._kernel_drops_told
        drops: int = _MEMINFO.unpack(info)[_MEMINFO_DROPS]
        return drops
