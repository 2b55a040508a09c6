"""Addresses as settings name them: `HOST:PORT`, `[::1]:8125`, `tcp://HOST:PORT`, `unix:///PATH`."""

import re
import socket
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import Self

_MAX_PORT = 65_535
# sockaddr_un holds 108 bytes on Linux, the last of them NUL.
_MAX_PATH_BYTES = 107
_WRITTEN = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[A-Za-z0-9_.-]+)):(?P<port>[0-9]{1,5})\Z")
_LOCAL = "localhost"


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

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == _LOCAL

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Transport(str, Enum):
    """How lines reach the server; the value is the endpoint's scheme."""

    UDP = "udp"
    TCP = "tcp"
    UNIX = "unix"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where StatsD is listened to; a Unix socket's `path` stands for an address."""

    transport: Transport
    address: Address | None = None
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the endpoint that `text` names; without a scheme it is UDP.

        Raises:
            ValueError: It is none.
        """
        scheme, separator, rest = text.strip().rpartition("://")
        if not separator:
            return cls(Transport.UDP, Address.parse(rest))
        if scheme not in {transport.value for transport in Transport}:
            raise ValueError(
                "allowed is HOST:PORT, udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH"
            )
        transport = Transport(scheme)
        if transport is Transport.UNIX:
            return cls(transport, path=_path(rest))
        return cls(transport, Address.parse(rest))

    def __str__(self) -> str:
        """Return it as the workers' library and the settings have it."""
        if self.transport is Transport.UDP:
            return str(self.address)
        return f"{self.transport.value}://{self.address or self.path}"


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError as error:
        raise ValueError("allowed in brackets is an IPv6 address, as in [::1]:8125") from error


def _path(text: str) -> str:
    if not text.startswith("/") or "\0" in text or len(text.encode()) > _MAX_PATH_BYTES:
        raise ValueError(
            f"allowed is a path from the root of at most {_MAX_PATH_BYTES} bytes, "
            "as in unix:///run/celeryscope/statsd.sock"
        )
    return text
