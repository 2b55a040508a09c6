"""Asks an ASGI application byte for byte, also for what no client library would send."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class RawRequest:
    """A request as it is on the wire; the path is escaped, as the query is."""

    method: str
    path: bytes
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""


@dataclass
class RawAnswer:
    """What came back; a stream is left after its first piece."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(app: ASGIApp, request: RawRequest) -> RawAnswer:
    """Send one request on an event loop of its own; what the application raises is raised."""
    answer = RawAnswer()
    asyncio.run(_exchange(app, request, answer))
    return answer


async def _exchange(app: ASGIApp, request: RawRequest, answer: RawAnswer) -> None:
    waiting: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
    over = asyncio.Event()

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in message["headers"]
            }
        else:
            answer.body += message.get("body", b"")
            over.set()

    await app(_scope(request), receive, send)


def _scope(request: RawRequest) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": unquote(request.path.decode("ascii")),  # as uvicorn does
        "raw_path": request.path,
        "root_path": "",
        "query_string": request.query,
        "headers": [(b"host", b"127.0.0.1:8888"), *request.headers],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8888),
    }
