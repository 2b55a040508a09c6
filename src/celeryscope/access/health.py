"""`/healthz` and `/readyz`: for whoever starts, stops and balances servers, open to all.

The first says that the process answers. The second says `ok`, or 503 and one word for each thing
that is not as it should be.
"""

from collections.abc import Callable, Sequence

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from celeryscope.access.rootpath import route_path

HEALTH, READINESS = "/healthz", "/readyz"
_OK = "ok"
_SAFE = ("GET", "HEAD")

Reasons = Callable[[], Sequence[str]]
"""Returns a word for each reason why a server is not ready."""


class Probes:
    """Answers the two addresses before anything asks who it is."""

    def __init__(self, app: ASGIApp, reasons: Reasons) -> None:
        self._app = app
        self._reasons = reasons

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path = route_path(scope)
        if path not in (HEALTH, READINESS):
            return None
        if scope["method"] not in _SAFE:
            return PlainTextResponse(
                "only GET is answered here\n", 405, headers={"Allow": ", ".join(_SAFE)}
            )
        reasons = self._reasons() if path == READINESS else ()
        return PlainTextResponse(f"{' '.join(reasons) or _OK}\n", 503 if reasons else 200)
