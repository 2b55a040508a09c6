"""What browsers are told about each answer: what it may load, who may show it, who may keep it."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = (
    "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; "
    "style-src 'self'; base-uri 'none'; form-action 'self'"
)
_DATA = "default-src 'none'"
_POLICY = "content-security-policy"


class SecurityHeaders:
    """Adds the headers to every answer; what an answer says of its own content stays.

    `embed_origins` may show pages in frames. With one of them pictures may be shown by all, since
    no header names origins for these. No other answer may: a page of another site could load one
    with `jsonp` as a script, and so read it.
    """

    def __init__(self, app: ASGIApp, embed_origins: Sequence[str]) -> None:
        self._app = app
        self._ancestors = " ".join(["frame-ancestors", *(embed_origins or ["'none'"])])
        self._shows_pictures = bool(embed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, answer)

    def _add(self, headers: MutableHeaders) -> None:
        media_type = headers.get("content-type", "")
        shown_by_all = self._shows_pictures and media_type.startswith("image/")
        if media_type.startswith("text/html"):
            headers[_POLICY] = f"{_PAGE}; {self._ancestors}"
            headers["cross-origin-opener-policy"] = "same-origin"
        else:
            # Opened by itself, data is nobody's page: it has no origin to act for.
            headers[_POLICY] = f"{headers.get(_POLICY, _DATA)}; {self._ancestors}; sandbox"
        headers["cross-origin-resource-policy"] = "cross-origin" if shown_by_all else "same-origin"
        headers["referrer-policy"] = "same-origin"
        headers["x-content-type-options"] = "nosniff"
        headers.setdefault("cache-control", "no-store")
