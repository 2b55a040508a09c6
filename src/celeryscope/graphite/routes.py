"""Graphite's HTTP API: render, find, expand, index, functions, version. It only reads."""

from collections.abc import Callable, Iterable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from celeryscope.graphite import find
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.formats import FORMATS
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.namespace import Namespace
from celeryscope.graphite.request import BodyTooLargeError, Parameters, read_parameters
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.statistics import DEFAULT_THRESHOLDS
from celeryscope.store.protocol import Store, StoreError

VERSION = "1.1.10"
"""The graphite-web whose answers these are; Grafana chooses what it may ask by it."""

Answer = Callable[[Parameters], Response]


def routes(
    store: Store,
    clock: Callable[[], float],
    thresholds: Iterable[float] = DEFAULT_THRESHOLDS,
    naming: Naming = DEFAULT_NAMING,
) -> list[Route]:
    """Return the API's routes over a store; `thresholds` are the percentiles that find lists."""
    api = _Api(store, clock, tuple(thresholds), naming)
    return [
        _route("/render", api.render),
        _route("/metrics/find", api.find),
        _route("/metrics/expand", api.expand),
        _route("/metrics/index.json", api.index),
        _route("/functions", api.functions),
        _route("/version", api.version),
    ]


class _Api:
    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        thresholds: tuple[float, ...],
        naming: Naming,
    ) -> None:
        self._store = store
        self._clock = clock
        self._thresholds = thresholds
        self._naming = naming
        self._namespace = Namespace(store, thresholds, naming)

    def render(self, asked: Parameters) -> Response:
        chosen = asked.choice("format", "json", FORMATS)
        targets = [target for target in asked.all("target") if target.strip()]
        span, options = asked.span(self._clock()), asked.options()
        series = render(self._store, self._thresholds, targets, span, self._naming)
        return Response(chosen.encode(series, options), media_type=chosen.media_type)

    def find(self, asked: Parameters) -> Response:
        formats = {"treejson": find.tree, "completer": find.completer}
        answer = asked.choice("format", "treejson", formats)
        return _json(answer(self._namespace, _query(asked)))

    def expand(self, asked: Parameters) -> Response:
        _query(asked)
        found = find.expanded(
            self._namespace, asked.all("query"), leaves_only=asked.flag("leavesOnly")
        )
        return _json({"results": found})

    def index(self, _asked: Parameters) -> Response:
        return _json(find.expanded(self._namespace, ["**"], leaves_only=True))

    def functions(self, _asked: Parameters) -> Response:
        return _json({name: declared.describe(name) for name, declared in FUNCTIONS.items()})

    def version(self, _asked: Parameters) -> Response:
        return PlainTextResponse(VERSION)


def _route(path: str, answer: Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            parameters = await read_parameters(request)
            return await run_in_threadpool(answer, parameters)
        except BodyTooLargeError as error:
            return _refusal(str(error), 413)
        except RequestError as error:
            return _refusal(str(error), 400)
        except StoreError as error:
            return _refusal(str(error), 503)

    return Route(path, endpoint, methods=["GET", "POST"])


def _refusal(why: str, status: int) -> Response:
    return PlainTextResponse(
        f"{why}\n", status_code=status, headers={"X-Content-Type-Options": "nosniff"}
    )


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def _query(asked: Parameters) -> str:
    query = asked.one("query", "")
    if not query:
        raise RequestError("query is missing; allowed is a path with globs, such as stats.*")
    return query
