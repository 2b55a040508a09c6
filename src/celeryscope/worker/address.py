"""Where metrics are sent to, and by which transport."""

import re
from dataclasses import dataclass
from enum import Enum

_WRITTEN = re.compile(
    r"(?:(?P<scheme>udp|tcp)://)?"
    r"(?:\[(?P<v6>[^\[\]\s]+)\]|(?P<host>[^:/\[\]\s]+)):(?P<port>[0-9]{1,5})\Z"
)
_UNIX = "unix://"
_MAX_PORT = 65535
# sockaddr_un holds 108 bytes on Linux, the last of them NUL.
_MAX_PATH_BYTES = 107


class Transport(str, Enum):
    """How lines reach a server; the value is the address's scheme."""

    UDP = "udp"
    TCP = "tcp"
    UNIX = "unix"


@dataclass(frozen=True)
class Address:
    """Where a StatsD server listens; on a Unix socket `host` is its path, and there is no port."""

    host: str
    port: int = 0
    transport: Transport = Transport.UDP

    def __str__(self) -> str:
        if self.transport is Transport.UNIX:
            return f"{_UNIX}{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "tcp://" if self.transport is Transport.TCP else ""
        return f"{scheme}{host}:{self.port}"


USUAL_ADDRESS = Address("127.0.0.1", 8125)


def parse_address(value: object) -> Address:
    """Return the address that a setting names.

    Raises:
        ValueError: it is none.
    """
    text = value if isinstance(value, str) else ""
    if text.startswith(_UNIX):
        return _unix(text.removeprefix(_UNIX))
    match = _WRITTEN.match(text)
    if match is None or not 0 < int(match["port"]) <= _MAX_PORT:
        raise ValueError(value)
    transport = Transport(match["scheme"] or "udp")
    return Address(match["v6"] or match["host"], int(match["port"]), transport)


def _unix(path: str) -> Address:
    if not path.startswith("/") or "\0" in path or len(path.encode()) > _MAX_PATH_BYTES:
        raise ValueError(path)
    return Address(path, transport=Transport.UNIX)
