"""The sub-path below which a proxy serves the server: `/celery/server` is our `/server`.

Some proxies strip it from what they hand on, others keep it; both are taken.
"""

from starlette.datastructures import URL, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def placed(path: str, root_path: str) -> str:
    """Return a request's path with the root path before it, whether a proxy has stripped it."""
    if path == root_path or path.startswith(f"{root_path}/"):
        return path
    return root_path + path


def route_path(scope: Scope) -> str:
    """Return a placed request's path below the root path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class RootPath:
    """Places each request below the root path, and leads redirects back to where they came from.

    Starlette redirects to whole URLs, whose scheme and host only the proxy knows.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _shorten_location(MutableHeaders(scope=message))
            await send(message)

        path = placed(scope["path"], self._root_path)
        await self._app({**scope, "path": path, "root_path": self._root_path}, receive, answer)


def _shorten_location(headers: MutableHeaders) -> None:
    location = URL(headers.get("location", ""))
    if location.netloc:
        # Two slashes would begin another host's name.
        path = str(location.replace(scheme="", netloc="")).lstrip("/")
        headers["location"] = f"/{path}"
