"""Socket addresses of senders, as Linux hands them over and as a person reads them.

    IPv4  family 2, port 2, address 4, zeros 8
    IPv6  family 2, port 2, flow 4, address 16, scope 4

Port and address are in network order. Elsewhere they are packed into the same form.
"""

import socket
import struct

from celeryscope.address import Address

_V4 = struct.Struct("=HH4s8x")
_V6 = struct.Struct("=HHI16sI")
WIDTHS = {socket.AF_INET: _V4.size, socket.AF_INET6: _V6.size}


def pack(host: str, port: int) -> bytes:
    """Return the address of a socket as bytes, without flow and scope."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = socket.inet_pton(family, host.partition("%")[0])
    if family == socket.AF_INET:
        return _V4.pack(family, socket.htons(port), address)
    return _V6.pack(family, socket.htons(port), 0, address, 0)


def each(packed: bytes, count: int) -> list[bytes]:
    """Return `count` addresses that lie end to end."""
    width = len(packed) // max(count, 1)
    return [packed[width * i : width * (i + 1)] for i in range(count)]


def name(sender: bytes) -> str:
    """Return an address as `127.0.0.1:45678`, or `[::1]:45678`."""
    if len(sender) == _V4.size:
        _, port, address = _V4.unpack(sender)
        host = socket.inet_ntop(socket.AF_INET, address)
    else:
        _, port, _, address, _ = _V6.unpack(sender)
        host = socket.inet_ntop(socket.AF_INET6, address)
    return str(Address(host, socket.ntohs(port)))
