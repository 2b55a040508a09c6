"""Addresses as settings name them: `HOST:PORT`, `[::1]:8125`."""

import socket
from dataclasses import dataclass
from typing import Self

_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 means any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address that `text` names.

        Raises:
            ValueError: It is not `HOST:PORT`.
        """
        host, colon, port = text.rpartition(":")
        host = host.strip()
        if not colon or not host or not port.isascii() or not port.isdigit():
            raise ValueError(f"{text!r} is not HOST:PORT")
        if int(port) > _MAX_PORT:
            raise ValueError(f"port {port} is above {_MAX_PORT}")
        if host.startswith("[") and host.endswith("]"):
            return cls(host[1:-1], int(port))
        if ":" in host:
            raise ValueError(f"an IPv6 host stands in brackets, as in [{host}]:{port}")
        return cls(host, int(port))

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
