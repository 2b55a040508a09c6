"""What may be done: read, and post from where one reads.

Graphite's API takes long questions by POST, and events are posted. A browser would do that for a
page of any site and add the password that it knows, so what comes from another site is refused.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = ("GET", "HEAD")
_ALLOWED = (*_SAFE, "POST")
_OWN_SITE = ("same-origin", "none")


def is_of_another_site(headers: Headers) -> bool:
    """Tell whether a browser sent a request for a page that is not the server's own.

    Browsers leave out Sec-Fetch-Site where the page came by plain HTTP from another machine; other
    programs leave out both headers.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OWN_SITE
    origin = headers.get("origin")
    return origin is not None and _host_in(origin) != headers.get("host")


def _host_in(origin: str) -> str:
    """Return an origin's host and port; an empty text if it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


class Methods:
    """Refuses methods that change things, and posts for other sites' pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _ALLOWED:
            refusal = PlainTextResponse(
                "this server only reads\n", 405, headers={"Allow": ", ".join(_ALLOWED)}
            )
            await refusal(scope, receive, send)
        elif scope["method"] not in _SAFE and is_of_another_site(Headers(scope=scope)):
            refusal = PlainTextResponse("the page of another site may not post here\n", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)
