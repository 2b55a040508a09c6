"""The names by which a server is asked.

A page of any site may have its name resolve to 127.0.0.1, and then reads whatever a server there
answers, as if it were the site's own. The Host header still tells that name.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?\Z")
_LOCAL = "localhost"


def name_in(host: str) -> str:
    """Return the name or address in a Host header; an empty one if it is none."""
    match = _HOST.match(host)
    return (match["v6"] or match["name"]).lower().removesuffix(".") if match else ""


def is_answered(name: str, allowed: Collection[str], *, loopback_only: bool) -> bool:
    """Tell whether a server answers to a name; an address cannot be resolved to another one."""
    if name in allowed or name == _LOCAL:
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not loopback_only


class Hosts:
    """Refuses requests that ask for a server of another name."""

    def __init__(self, app: ASGIApp, allowed: Collection[str], *, loopback_only: bool) -> None:
        self._app = app
        self._allowed = frozenset(allowed)
        self._loopback_only = loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).getlist("host")
        name = name_in(given[0]) if len(given) == 1 else ""
        if name and is_answered(name, self._allowed, loopback_only=self._loopback_only):
            await self._app(scope, receive, send)
        else:
            await _refusal(name)(scope, receive, send)


def _refusal(name: str) -> PlainTextResponse:
    if not name:
        return PlainTextResponse("the request must have one Host header, with a name\n", 400)
    return PlainTextResponse(
        f"this server is not called {name}: ask it by an address, or name it in the setting "
        "allowed_hosts\n",
        421,
    )
