"""Lines by UDP, with the kernel's own count of the datagrams that it dropped."""

import socket
import struct
from collections import defaultdict
from contextlib import suppress
from selectors import EVENT_READ, BaseSelector

from celeryscope.address import Address
from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.points import joined
from celeryscope.carbon.tally import Tally
from celeryscope.store.protocol import Points

_WANTED_BUFFER = 8 * 1024 * 1024
_DATAGRAM_BYTES = 65_536
_DATAGRAMS_AT_ONCE = 1000
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")
_MEMINFO_DROPS = 8
_DROPS_WRAP_AT = 2**32


class UdpDoor:
    """Reads datagrams of lines; what comes while they are not read waits in the kernel's buffer."""

    def __init__(self, address: Address, decoder: Decoder, drops: Tally) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._decoder = decoder
        self._drops = drops
        self._kernel_drops = 0
        self._socket = socket.socket(address.family, socket.SOCK_DGRAM)
        try:
            self._socket.settimeout(0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WANTED_BUFFER)
            self._socket.bind((address.host, address.port))
        except OSError:
            self._socket.close()
            raise

    @property
    def address(self) -> Address:
        return Address(*self._socket.getsockname()[:2])

    def __str__(self) -> str:
        return f"udp {self.address}"

    def attach(self, ready: BaseSelector) -> None:
        ready.register(self._socket, EVENT_READ, self._read)

    def close(self) -> None:
        self._count_kernel_drops()
        self._socket.close()

    def _read(self) -> Points:
        by_sender: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        with suppress(BlockingIOError):
            for _ in range(_DATAGRAMS_AT_ONCE):
                datagram, (host, port, *_) = self._socket.recvfrom(_DATAGRAM_BYTES)
                by_sender[host, port].append(datagram)
        self._count_kernel_drops()
        return joined(
            [
                self._decoder.lines(b"\n".join(datagrams), f"udp {Address(*sender)}")
                for sender, datagrams in by_sender.items()
            ]
        )

    def _count_kernel_drops(self) -> None:
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:  # not every system tells
            return
        drops: int = _MEMINFO.unpack(info)[_MEMINFO_DROPS]
        self._drops.add("kernel", (drops - self._kernel_drops) % _DROPS_WRAP_AT)
        self._kernel_drops = drops
