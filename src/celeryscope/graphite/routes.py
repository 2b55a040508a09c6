"""Graphite's HTTP API: what is behind each address. All of it only reads, but for events."""

from collections.abc import Callable, Iterable

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from celeryscope.graphite import catalogue, find, pictures
from celeryscope.graphite.answers import NO_SNIFF, as_json, as_script
from celeryscope.graphite.body import read_document
from celeryscope.graphite.budget import DEFAULT_LIMITS, Limits
from celeryscope.graphite.endpoint import endpoint
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.eventapi import EventApi
from celeryscope.graphite.formats import FORMATS, Format
from celeryscope.graphite.gate import Gate
from celeryscope.graphite.kept import KeptGrids
from celeryscope.graphite.namespace import Namespace
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from celeryscope.graphite.tagapi import TagApi
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.statistics import DEFAULT_THRESHOLDS
from celeryscope.store.protocol import Store

VERSION = "1.1.10"
"""The graphite-web whose answers these are; Grafana chooses what it may ask by it."""

_INERT = NO_SNIFF | {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

_FORMATS: dict[str, Format | str] = {**FORMATS, **pictures.MEDIA_TYPES}


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
    shown = tuple(thresholds)
    api = _Api(store, clock, shown, naming)
    renders, lookups = Gate(limits), Gate(limits)
    return [
        endpoint("/render", api.render, renders),
        endpoint("/metrics/find", api.find, lookups),
        endpoint("/metrics/expand", api.expand, lookups),
        endpoint("/metrics/index.json", api.index, lookups),
        endpoint("/functions", api.functions, lookups),
        endpoint("/functions/{name}", api.function, lookups),
        endpoint("/version", api.version, lookups),
        *_tag_routes(TagApi(store, shown, naming), lookups),
        *_event_routes(EventApi(store.events, clock), lookups),
    ]


def _tag_routes(api: TagApi, gate: Gate) -> list[Route]:
    answers = {
        "/tags": api.tags,
        "/tags/": api.tags,
        "/tags/findSeries": api.find,
        "/tags/autoComplete/tags": api.complete_tags,
        "/tags/autoComplete/values": api.complete_values,
        "/tags/tagSeries": api.name,
        "/tags/tagMultiSeries": api.names,
        "/tags/delSeries": api.refuse_to_delete,
        "/tags/{tag:path}": api.values,
    }
    return [endpoint(path, answer, gate) for path, answer in answers.items()]


def _event_routes(api: EventApi, gate: Gate) -> list[Route]:
    return [
        endpoint("/events/get_data", api.find, gate),
        endpoint("/events/{number}", api.get, gate),
        endpoint("/events/{number}/", api.get, gate),
        *(
            endpoint(path, api.add, gate, read=read_document, methods=["POST"])
            for path in ("/events", "/events/")
        ),
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
        self._kept = KeptGrids()

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
            return as_script(content, asked)
        return Response(content, media_type=chosen.media_type)

    def _series(self, asked: Parameters, span: Span) -> list[TimeSeries]:
        targets = [target for target in asked.all("target") if target.strip()]
        return render(
            self._store, self._thresholds, targets, span, self._naming, asked.budget, self._kept
        )

    def find(self, asked: Parameters) -> Response:
        place = asked.whole("position", -1)
        formats: dict[str, Callable[[Namespace, str], object]] = {
            "treejson": find.tree,
            "completer": find.completer,
            "nodelist": lambda namespace, query: find.nodes_at(namespace, query, place),
        }
        answer = asked.choice("format", "treejson", formats)
        return as_json(answer(self._namespace(asked), _query(asked)), asked)

    def expand(self, asked: Parameters) -> Response:
        _query(asked)
        queries, leaves_only = asked.all("query"), asked.flag("leavesOnly")
        if asked.flag("groupByExpr"):
            groups = {one: self._expanded(asked, [one], leaves_only=leaves_only) for one in queries}
            return as_json({"results": groups}, asked)
        return as_json({"results": self._expanded(asked, queries, leaves_only=leaves_only)}, asked)

    def index(self, asked: Parameters) -> Response:
        return as_json(self._expanded(asked, ["**"], leaves_only=True), asked)

    def functions(self, asked: Parameters) -> Response:
        group = asked.one("group", "") or None
        return as_json(catalogue.listed(group, grouped=asked.flag("grouped")), asked)

    def function(self, asked: Parameters) -> Response:
        return as_json(catalogue.described(asked.address["name"]), asked)

    def _expanded(
        self, asked: Parameters, queries: Iterable[str], *, leaves_only: bool
    ) -> list[str]:
        return find.expanded(self._namespace(asked), queries, leaves_only=leaves_only)

    def _namespace(self, asked: Parameters) -> Namespace:
        return Namespace(self._store.ended_by(asked.budget), self._thresholds, self._naming)

    def version(self, _asked: Parameters) -> Response:
        return PlainTextResponse(VERSION)


def _usual_format(asked: Parameters) -> str:
    """Return the format if none is given: two have a parameter of their own."""
    shorthands = {"rawData": "raw", "pickle": "pickle"}
    return next((name for flag, name in shorthands.items() if asked.one(flag, "")), "json")


def _query(asked: Parameters) -> str:
    query = asked.one("query", "")
    if not query:
        raise RequestError("query is missing; allowed is a path with globs, such as stats.*")
    return query
