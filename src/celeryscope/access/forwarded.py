"""What proxies say of a request, believed from those alone that settings name.

From anybody else these headers are taken away, so that whatever reads one further in can rely on
it. A list of addresses is read from its end: only what our own proxies added there is known.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network

_FOR, _PROTO = "x-forwarded-for", "x-forwarded-proto"
_SCHEMES = ("http", "https")


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, that of IPv4 where IPv6 only maps it; None if `text` is none."""
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_trusted(text: str, trusted: Iterable[Network]) -> bool:
    address = address_of(text)
    return address is not None and any(address in network for network in trusted)


def client_of(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the last address that is not a trusted proxy's, or the first of all."""
    client = peer
    for text in reversed(forwarded):
        address = address_of(text)
        if address is None or not is_trusted(client, trusted):
            break
        client = str(address)
    return client


class Forwarded:
    """Gives a request its client and scheme, and takes away what nobody trusted has said."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network], user_header: str) -> None:
        self._app = app
        self._trusted = trusted
        self._ours = {_FOR, _PROTO, user_header.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client") or ("", 0)
        if is_trusted(peer[0], self._trusted):
            await self._app({**scope, **self._told(Headers(scope=scope), peer)}, receive, send)
        else:
            await self._app({**scope, "headers": self._unclaimed(scope)}, receive, send)

    def _told(self, headers: Headers, peer: tuple[str, int]) -> dict[str, object]:
        forwarded = [part for line in headers.getlist(_FOR) for part in line.split(",")]
        client = client_of(peer[0], forwarded, self._trusted)
        told: dict[str, object] = {"client": peer if client == peer[0] else (client, 0)}
        scheme = headers.get(_PROTO, "").strip().lower()
        if scheme in _SCHEMES:
            told["scheme"] = scheme
        return told

    def _unclaimed(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        return [
            (name, value)
            for name, value in scope["headers"]
            if name.decode("latin-1").lower() not in self._ours
        ]
