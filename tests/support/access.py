"""Requests that say who asks, and access files that are quick to check."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import scrypt

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from celeryscope.access import tokens
from celeryscope.access.passwords import Password

PASSWORD = "correct horse battery"
TOKEN = "csk_a-token-for-tests"
_SALT = b"a salt for tests"


def quick(password: str) -> Password:
    """Return a password's key at the lowest cost."""
    key = scrypt(password.encode(), salt=_SALT, n=2, r=1, p=1, dklen=32)
    return Password(_SALT, key, ln=1, r=1, p=1)


def access_text(password: str = PASSWORD, token: str = TOKEN) -> str:
    """Return an access file of one user, alice, and one token, grafana."""
    return f"# tests\nuser alice {quick(password)}\ntoken grafana {tokens.digest(token)}\n"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


ALICE = basic("alice", PASSWORD)
GRAFANA = bearer(TOKEN)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what an application sees of a request: scheme, client, path, root path, user."""
    request = Request(scope)
    path = scope["path"]
    answer: Response
    if path.endswith("/page"):
        answer = HTMLResponse("<p>a page</p>")
    else:
        client = request.client.host if request.client else ""
        user = request.headers.get("x-forwarded-user", "")
        seen = f"{scope['scheme']} {client} {path} {scope.get('root_path', '')} {user}"
        answer = PlainTextResponse(seen)
    await answer(scope, receive, send)


def ask(
    app: ASGIApp,
    path: str = "/",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    method: str = "GET",
    peer: str = "127.0.0.1",
) -> httpx.Response:
    """Send one request to an application, from a peer's address."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(peer, 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=httpx.Headers(headers))

    return asyncio.run(send())
