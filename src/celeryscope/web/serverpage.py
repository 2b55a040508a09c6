"""The Server page: what came, what was lost, and which lines were refused."""

import orjson
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from celeryscope.web import render
from celeryscope.web.staticfiles import STATIC
from celeryscope.web.status import Status

_COMPRESSED = [Middleware(GZipMiddleware, compresslevel=5)]


def routes(status: Status) -> list[BaseRoute]:
    """Return the routes of a server that has a store: the page is one of several."""
    return _routes(status, "/server", is_alone=False)


def edge_routes(status: Status) -> list[BaseRoute]:
    """Return the routes of a server without a store: the page is all that there is."""
    static = Mount("/static", STATIC, middleware=_COMPRESSED)
    return [*_routes(status, "/", is_alone=True), static]


def _routes(status: Status, path: str, *, is_alone: bool) -> list[BaseRoute]:
    def page(request: Request) -> Response:
        return render.page(request, "server.html", {"report": status.report(), "alone": is_alone})

    def data(_: Request) -> Response:
        return Response(orjson.dumps(status.report().data()), media_type="application/json")

    return [Route(path, page, middleware=_COMPRESSED), Route("/api/server", data)]
