"""Asks an ASGI application without a server."""

import asyncio
from collections.abc import Mapping, Sequence

import httpx
from starlette.types import ASGIApp

Fields = Mapping[str, str | Sequence[str]]


class Client:
    """Sends one request at a time, each on an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def get(self, path: str, query: Fields | None = None) -> httpx.Response:
        return self._send("GET", path, query, None, None)

    def post(
        self,
        path: str,
        form: Fields | None = None,
        query: Fields | None = None,
        content: bytes | None = None,
        media_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        typed = {"content-type": media_type} if media_type else {}
        return self._send("POST", path, query, form, content, {**typed, **(headers or {})})

    def _send(
        self,
        method: str,
        path: str,
        query: Fields | None,
        form: Fields | None,
        content: bytes | None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(
                    method, path, params=query, data=form, content=content, headers=headers
                )

        return asyncio.run(send())
