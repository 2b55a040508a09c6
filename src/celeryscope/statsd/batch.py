"""Datagrams that were received together, and who sent them."""

from collections.abc import Callable
from dataclasses import dataclass

from celeryscope.sockets import senders


def _unnamed(_sender: bytes) -> str:
    return "unknown"


@dataclass(frozen=True, slots=True)
class Batch:
    """Datagrams in the order of their arrival.

    `senders` has each one's sender as the transport knows it, all of one length, end to end, and
    `name` makes one readable; it is empty where a transport does not tell them apart. `lossy` says
    that the transport may lose datagrams, and keeps each as it was sent.
    """

    datagrams: list[bytes]
    senders: bytes = b""
    name: Callable[[bytes], str] = _unnamed
    lossy: bool = False

    def raw_senders(self) -> list[bytes]:
        """Return each datagram's sender as the transport knows it."""
        return senders.each(self.senders, len(self.datagrams))

    def sender_of(self, index: int) -> str:
        """Return who sent a datagram, for a person to read."""
        width = len(self.senders) // len(self.datagrams)
        return self.name(self.senders[width * index : width * (index + 1)])
