"""Addresses as settings name them: `HOST:PORT`, `[::1]:8125`."""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Self

_MAX_PORT = 65_535
_WRITTEN = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[A-Za-z0-9_.-]+)):(?P<port>[0-9]{1,5})\Z")


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
        match = _WRITTEN.match(text.strip())
        if match is None:
            raise ValueError("allowed is HOST:PORT, as in 127.0.0.1:8125 or [::1]:8125")
        port = int(match["port"])
        if port > _MAX_PORT:
            raise ValueError(f"allowed are ports up to {_MAX_PORT}")
        return cls(match["host"] or _ipv6(match["v6"]), port)

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError as error:
        raise ValueError("allowed in brackets is an IPv6 address, as in [::1]:8125") from error
