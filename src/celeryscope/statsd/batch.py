"""Datagrams that were received together, and who sent them."""

from collections.abc import Callable
from dataclasses import dataclass, field


def _unnamed(_sender: bytes) -> str:
    return "unknown"


@dataclass(frozen=True, slots=True)
class Batch:
    """Datagrams in the order of their arrival.

    `senders` has each one's sender as the transport knows it, which `name` makes readable; it is
    empty where a transport does not tell.
    """

    datagrams: list[bytes]
    senders: list[bytes] = field(default_factory=list)
    name: Callable[[bytes], str] = _unnamed

    def sender_of(self, index: int) -> str:
        """Return who sent a datagram, for a person to read."""
        return self.name(self.senders[index]) if self.senders else _unnamed(b"")
