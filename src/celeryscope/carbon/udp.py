"""Lines by UDP."""

from collections import defaultdict
from contextlib import suppress
from selectors import EVENT_READ, BaseSelector

from celeryscope.address import Address
from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.points import joined
from celeryscope.sockets import senders
from celeryscope.sockets.readers import reader_of
from celeryscope.sockets.udp import WANTED_BUFFER, KernelDrops, bind_udp
from celeryscope.store.protocol import Points
from celeryscope.tally import Tally


class UdpDoor:
    """Reads datagrams of lines; what comes while they are not read waits in the kernel's buffer."""

    def __init__(
        self, address: Address, decoder: Decoder, drops: Tally, buffer_bytes: int = WANTED_BUFFER
    ) -> None:
        """Bind the socket.

        Raises:
            OSError: The address is taken or not ours.
        """
        self._decoder = decoder
        self._drops = drops
        self._socket = bind_udp(address, buffer_bytes)
        self._reader = reader_of(self._socket)
        self._kernel_drops = KernelDrops(self._socket)

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
        by_sender: dict[bytes, list[bytes]] = defaultdict(list)
        with suppress(BlockingIOError):
            datagrams, packed = self._reader.read(wait=False)
            for sender, datagram in zip(
                senders.each(packed, len(datagrams)), datagrams, strict=True
            ):
                by_sender[sender].append(datagram)
        self._count_kernel_drops()
        return joined(
            [
                self._decoder.lines(b"\n".join(datagrams), f"udp {senders.name(sender)}")
                for sender, datagrams in by_sender.items()
            ]
        )

    def _count_kernel_drops(self) -> None:
        self._drops.add("kernel", self._kernel_drops.take())
