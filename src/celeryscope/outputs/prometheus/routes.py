"""`/metrics`, answered in the server's pool of threads."""

import gzip

from prometheus_client.exposition import gzip_accepted
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from celeryscope.outputs.prometheus.exposition import Prometheus

# Scrapers ask for it. The text shrinks by more than ten times even so.
_FASTEST = 1


def routes(prometheus: Prometheus) -> list[Route]:
    """Return the one route of an output."""

    def metrics(request: Request) -> Response:
        body, content_type = prometheus.answer(request.headers.get("accept", ""))
        headers = {"content-type": content_type, "vary": "accept, accept-encoding"}
        if gzip_accepted(request.headers.get("accept-encoding", "")):
            body = gzip.compress(body, _FASTEST)
            headers["content-encoding"] = "gzip"
        return Response(body, headers=headers)

    return [Route("/metrics", metrics)]
