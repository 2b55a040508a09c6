"""Graphite's HTTP API: render, find, expand, index, functions, version. It only reads."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from celeryscope.graphite import catalogue, find, pictures
from celeryscope.graphite.body import BodyTooLargeError, read_parameters
from celeryscope.graphite.budget import DEFAULT_LIMITS, Budget, Limits
from celeryscope.graphite.errors import NotFoundError, NotInstalledError, RequestError
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.formats import FORMATS, Format
from celeryscope.graphite.gate import RETRY_SECONDS, BusyError, Gate, GoneError
from celeryscope.graphite.namespace import Namespace
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.statistics import DEFAULT_THRESHOLDS
from celeryscope.store.protocol import Store, StoreError

VERSION = "1.1.10"
"""The graphite-web whose answers these are; Grafana chooses what it may ask by it."""

_NO_SNIFF = {"X-Content-Type-Options": "nosniff"}
_INERT = _NO_SNIFF | {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

_NOBODY_WAITS = 499
"""What nginx calls a request whose client has gone; no client sees it."""

_FORMATS: dict[str, Format | str] = {**FORMATS, **pictures.MEDIA_TYPES}

Answer = Callable[[Parameters], Response]


def routes(
    store: Store,
    clock: Callable[[], float],
    thresholds: Iterable[float] = DEFAULT_THRESHOLDS,
    naming: Naming = DEFAULT_NAMING,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Route]:
    """Return the API's routes over a store; `thresholds` are the percentiles that find lists.

    Renders wait for renders only, and all else for all else.
    """
    api = _Api(store, clock, tuple(thresholds), naming)
    renders, lookups = Gate(limits), Gate(limits)
    return [
        _route("/render", api.render, renders),
        _route("/metrics/find", api.find, lookups),
        _route("/metrics/expand", api.expand, lookups),
        _route("/metrics/index.json", api.index, lookups),
        _route("/functions", api.functions, lookups),
        _route("/functions/{name}", api.function, lookups),
        _route("/version", api.version, lookups),
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

    def render(self, asked: Parameters) -> Response:
        chosen = asked.choice("format", _usual_format(asked), _FORMATS)
        span = asked.span(self._clock())
        if isinstance(chosen, Format):
            return self._written(asked, span, chosen)
        draw = pictures.painter(asked.one("format", ""), asked)
        picture = draw(self._series(asked, span), span)
        return Response(picture, media_type=chosen, headers=_INERT)

    def _written(self, asked: Parameters, span: Span, chosen: Format) -> Response:
        options = asked.options()
        content = chosen.encode(self._series(asked, span), options)
        if chosen.script:
            return _script(content, asked)
        return Response(content, media_type=chosen.media_type)

    def _series(self, asked: Parameters, span: Span) -> list[TimeSeries]:
        targets = [target for target in asked.all("target") if target.strip()]
        return render(self._store, self._thresholds, targets, span, self._naming, asked.budget)

    def find(self, asked: Parameters) -> Response:
        place = asked.whole("position", -1)
        formats: dict[str, Callable[[Namespace, str], object]] = {
            "treejson": find.tree,
            "completer": find.completer,
            "nodelist": lambda namespace, query: find.nodes_at(namespace, query, place),
        }
        answer = asked.choice("format", "treejson", formats)
        return _json(answer(self._namespace(asked), _query(asked)), asked)

    def expand(self, asked: Parameters) -> Response:
        _query(asked)
        queries, leaves_only = asked.all("query"), asked.flag("leavesOnly")
        if asked.flag("groupByExpr"):
            groups = {one: self._expanded(asked, [one], leaves_only=leaves_only) for one in queries}
            return _json({"results": groups}, asked)
        return _json({"results": self._expanded(asked, queries, leaves_only=leaves_only)}, asked)

    def index(self, asked: Parameters) -> Response:
        return _json(self._expanded(asked, ["**"], leaves_only=True), asked)

    def functions(self, asked: Parameters) -> Response:
        group = asked.one("group", "") or None
        return _json(catalogue.listed(group, grouped=asked.flag("grouped")), asked)

    def function(self, asked: Parameters) -> Response:
        return _json(catalogue.described(asked.address["name"]), asked)

    def _expanded(
        self, asked: Parameters, queries: Iterable[str], *, leaves_only: bool
    ) -> list[str]:
        return find.expanded(self._namespace(asked), queries, leaves_only=leaves_only)

    def _namespace(self, asked: Parameters) -> Namespace:
        return Namespace(self._store.ended_by(asked.budget), self._thresholds, self._naming)

    def version(self, _asked: Parameters) -> Response:
        return PlainTextResponse(VERSION)


_STATUSES = {BodyTooLargeError: 413, NotFoundError: 404, NotInstalledError: 501}


def _route(path: str, answer: Answer, gate: Gate) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            asked = await read_parameters(request)

            def answered(budget: Budget) -> Response:
                return answer(replace(asked, budget=budget))

            return await gate.run(request, answered)
        except RequestError as error:
            return _refusal(str(error), _STATUSES.get(type(error), 400))
        except StoreError as error:
            return _refusal(str(error), 503)
        except BusyError:
            busy = _refusal("too many requests wait already; ask again in a while", 503)
            busy.headers["Retry-After"] = str(RETRY_SECONDS)
            return busy
        except GoneError:
            return Response(status_code=_NOBODY_WAITS)

    return Route(path, endpoint, methods=["GET", "POST"])


def _refusal(why: str, status: int) -> Response:
    return PlainTextResponse(f"{why}\n", status_code=status, headers=_NO_SNIFF)


def _json(content: object, asked: Parameters) -> Response:
    """Answer JSON, on lines of its own for each part if `pretty` asks for it."""
    lines = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS if asked.flag("pretty") else 0
    return _script(orjson.dumps(content, option=lines), asked)


def _script(content: bytes, asked: Parameters) -> Response:
    """Answer JSON, or JavaScript that calls the function which `jsonp` names with it."""
    if not (callback := asked.callback()):
        return Response(content, media_type="application/json")
    called = b"%s(%s)" % (callback.encode(), content)
    return Response(called, media_type="text/javascript", headers=_NO_SNIFF)


def _usual_format(asked: Parameters) -> str:
    """Return the format if none is given: two have a parameter of their own."""
    shorthands = {"rawData": "raw", "pickle": "pickle"}
    return next((name for flag, name in shorthands.items() if asked.one(flag, "")), "json")


def _query(asked: Parameters) -> str:
    query = asked.one("query", "")
    if not query:
        raise RequestError("query is missing; allowed is a path with globs, such as stats.*")
    return query
