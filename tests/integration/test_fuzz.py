"""Every address of a whole server, asked for anything: refused or answered, but never a fault."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import quote_from_bytes

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

import celeryscope
from celeryscope.flush import Flush
from celeryscope.graphite.formats import FORMATS
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.server.root import Server
from celeryscope.settings import load_settings
from celeryscope.sketch import Distribution
from support.graphite_oracle.arguments import AGGREGATES, BY_TYPE
from support.raw_asgi import RawAnswer, RawRequest, ask

NOW = 1_700_000_400
NOT_SUPPORTED = 501
MARK = "<script>alert(1)</script>"
SOURCES = [
    path
    for folder in ("graphite", "graphite/pictures", "web", "access")
    for path in (Path(celeryscope.__file__).parent / folder).glob("*.py")
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Make a server with all that it serves, and a little in its store; it receives nothing."""
    options = {
        "http": "127.0.0.1:0",
        "statsd": "127.0.0.1:0",
        "admin": "off",
        "data": str(tmp_path_factory.mktemp("fuzz") / "data"),
        "max_query_time": "20s",
        "max_query_values": "200000",
    }
    server = Server(load_settings(options, {}), clock=lambda: NOW + 100.5)
    storage = server._storage
    assert storage
    for place in range(9):
        flush = Flush(
            NOW + 10 * place,
            10,
            counters={f"celery.task.shop.orders.{MARK}.success": 3, "a.b;dc=x": 1, "a.b.c": place},
            gauges={"g": 1.5 * place, "h": -1.0},
            timers={"celery.task.shop.orders.pay.runtime": Distribution.of([1.0, 5.0, 900.0])},
            sets={"s": 2},
        )
        storage.store.write(flush)
        server._status.put(flush)
        server._outputs.put(flush)
    yield server
    storage.close()
    server._http.close()
    for bound in server._bound:
        bound.listener.close()


@pytest.fixture(scope="module")
def app(server: Server) -> ASGIApp:
    return cast("ASGIApp", server._web.config.app)


def routes_below(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    """Yield every address, the parameters in it as Starlette writes them."""
    for route in routes:
        if isinstance(route, Route):
            yield prefix + route.path
        elif isinstance(route, Mount):
            yield f"{prefix}{route.path}/{{path:path}}"
            yield from routes_below(list(route.routes), prefix + route.path)


def names_asked_for() -> set[str]:
    """Return what the sources give to calls first or second: the names of parameters are there."""
    return {
        argument.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for argument in node.args[:2]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        if re.fullmatch(r"[A-Za-z_]{1,20}", argument.value)
    }


ODD = st.one_of(
    st.sampled_from(
        [
            *("", "\0", "\r\nSet-Cookie: a=b", MARK, "\ufffe", "\u202e", "٣", "²", "İ"),
            *("0", "-1", "1", "007", "1e400", "-0.0", "nan", "inf", "9" * 30, "1_000", "0x10"),
            *("true", "None", "null", "[]", "{}", "../../etc/passwd", "%", "%s%n", "{0.__class__}"),
        ]
    ),
    st.text(max_size=40),
    st.text(st.sampled_from("ab.*?[]{}(),|'\"\\=~!; 1-\n\0ü"), max_size=60),
    st.builds(
        lambda text, times: text * times,
        st.sampled_from(["a", "a.", "(", "{", "*"]),
        st.sampled_from([300, 5000]),
    ),
)
NUMBERS = st.sampled_from(["0", "1", "7", "9" * 18, "9" * 40, "9" * 5000])
TIMES = st.sampled_from(
    [
        *("now", "-1h", "-1min", "+1d", "midnight", "monday-99999y", "00:00_19700101", "jan31"),
        *("20991231", "20260231", "12/31/69", "teatime+1s", "0", "4102444800", "7258118399"),
        *(str(NOW), str(NOW + 90), "-1s", "1700000400.5", "24:00", "25:61_20260101"),
    ]
)
CHOICES = st.sampled_from(
    [
        *("json", "csv", "raw", "svg", "png", "pickle", "msgpack", "dygraph", "rickshaw"),
        *("treejson", "completer", "nodelist", "union", "stacked", "staircase", "binary", "red"),
        *("Europe/Berlin", "all", "-runs", "6h", "1d", "ff00ff80", "transparent", "callback"),
    ]
)
PATHS = st.sampled_from(
    [
        *("stats.**", "*", "**", "stats.timers.**.{mean,upper_97,count_50}", "a.b;dc=x", "g"),
        *("stats.counters.a.b.c.{count,rate}", "stats.gauges.[gh]", "{a,b,c}" * 9, "**.**.**"),
        *("[!", "[]]", "a.{", "a{b", "stats.timers.celery.task.*.*.*.runtime", "\\*", "$x.$1"),
    ]
)
TAGS = st.sampled_from(
    [
        *("name=a.b", "dc=~.*", "dc=~(x+x+)+y", "dc!=~(", "name=", "=", "~", "dc=x", "'dc=x'"),
        *("name=~^stats", "dc!=x", "a;b=c;d", "a.b;dc=y", "disk;a=b;a=c", ";=", "dc=~" + "(" * 400),
    ]
)


def argument_of(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(BY_TYPE.get(name, ["a.b", "**"]))


def call_of(name: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Call a function as it is declared, or with what it does not take."""
    fitting = [
        inner if one.type.name in {"seriesList", "seriesLists"} else argument_of(one.type.name)
        for one in FUNCTIONS[name].parameters
    ]
    wrong = st.lists(st.one_of(LITERALS, inner), max_size=4)
    arguments = st.one_of(st.tuples(*fitting).map(list), wrong, st.tuples(*fitting[:1]).map(list))
    return arguments.map(lambda texts: f"{name}({','.join(texts)})")


LITERALS = st.one_of(
    st.sampled_from(
        [
            *("0", "-1", "1e9", "1e400", "inf", "-0.5", "9" * 20, "true", "none", '""', "'\0'"),
            *("'1h'", "'-1h'", "'0s'", "'9999999d'", "'1mon1y'", "'%.2f'", "'%s%s'", r"'\9'"),
            *("'(a+)+$'", "'('", "'%.count'", "'a,b)'", "xff=0.5", "func='last'", "'days'", "'si'"),
        ]
    ),
    st.sampled_from([f"'{name}'" for name in (*AGGREGATES, *FUNCTIONS)]),
)
TARGETS = st.recursive(
    PATHS,
    lambda inner: st.sampled_from(sorted(FUNCTIONS)).flatmap(lambda name: call_of(name, inner)),
    max_leaves=5,
)
VALUES = st.one_of(TARGETS, TIMES, CHOICES, PATHS, TAGS, NUMBERS, ODD)
NAMES = st.one_of(st.sampled_from(sorted(names_asked_for())), ODD)
JSON = st.recursive(
    st.one_of(VALUES, st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
DEEP = st.sampled_from([b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[1," * 999 + b"]"])


def escaped(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"))


def fields(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{escaped(name)}={escaped(value)}" for name, value in pairs).encode()


FIELDS = st.one_of(
    st.lists(st.tuples(NAMES, VALUES), max_size=6).map(fields),
    st.lists(st.tuples(st.just("target"), TARGETS), min_size=1, max_size=3).map(fields),
    st.binary(max_size=60).map(lambda raw: quote_from_bytes(raw, safe="&=+;").encode()),
    st.sampled_from([b"%", b"%ff=%fe&%zz", b"&&&===", b"a=1;b=2", b"target=a&" * 3000]),
)
BODIES = st.one_of(
    st.just(b""),
    FIELDS,
    JSON.map(lambda value: orjson.dumps(_finite(value))),
    DEEP,
    st.binary(max_size=80),
)
METHODS = st.sampled_from(
    [*["GET"] * 6, *["POST"] * 6, *("PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW", "")]
)
MEDIA_TYPES = st.sampled_from(
    [
        *["application/x-www-form-urlencoded", "application/json"] * 3,
        *("", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16"),
        *("a/b; " * 500, "APPLICATION/JSON", "\xff", "application/x-protobuf"),
    ]
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(b"accept", b"accept-encoding", b"origin", b"sec-fetch-site", b"if-none-match"),
                *(b"x-forwarded-for", b"x-forwarded-prefix", b"authorization", b"cookie"),
                *(b"content-length", b"range", b"if-modified-since", b"referer", b"host"),
            ]
        ),
        st.one_of(
            st.sampled_from([b"", b"gzip", b"https://evil.example", b"null", b"Basic eA==", b"-1"]),
            st.binary(max_size=20).map(lambda raw: re.sub(rb"[\r\n\0]", b"", raw)),
        ),
    ),
    max_size=2,
)


def _finite(value: object) -> object:
    """Return what JSON can hold: integers of 64 bits, and no lone surrogates."""
    if isinstance(value, dict):
        return {str(_finite(key)): _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return value % 2**63
    return value


def filled(template: str, draw: st.DataObject) -> bytes:
    """Return an address with values for what it has in braces, or nothing like it."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "int":
            return draw.draw(NUMBERS, label="number")
        text = draw.draw(st.one_of(VALUES, st.sampled_from([*FUNCTIONS])), label="in path")
        return escaped(text)

    return re.sub(r"\{\w+(?::(\w+))?\}", value, template).encode()


def assert_sound(answer: RawAnswer) -> None:
    """Claim that nothing failed, and that an answer cannot harm whoever reads it."""
    assert 200 <= answer.status < 500 or answer.status == NOT_SUPPORTED, answer
    for name, value in answer.headers.items():
        assert not {"\r", "\n", "\0"} & set(name + value), (name, value)
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status >= 400:
        assert media_type in {"text/plain", "text/html", ""}, answer
        assert b"Traceback" not in answer.body
    if media_type in {"text/html", "image/svg+xml"} and "content-encoding" not in answer.headers:
        assert MARK.encode() not in answer.body


@settings(
    deadline=None,
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), METHODS, FIELDS, MEDIA_TYPES, HEADERS, BODIES)
def test_whatever_is_asked_is_answered_or_refused(
    app: ASGIApp,
    server: Server,
    data: st.DataObject,
    method: str,
    query: bytes,
    media_type: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    known = sorted(set(routes_below(list(server._routes()))))
    template = data.draw(st.sampled_from([*known, "/{anything:path}"]), label="address")
    typed = [(b"content-type", media_type.encode("latin-1")), *headers]
    path = filled(template, data)
    assert_sound(ask(app, RawRequest(method, path, query, typed, body)))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(TARGETS, min_size=1, max_size=2),
    st.sampled_from([-600, 0, 5, 89]),
    st.sampled_from([90, 95, 5000, 10**6]),
    st.sampled_from([*FORMATS, "png", "svg"]),
    st.sampled_from(["", "1", "7", "999999999"]),
)
def test_targets_of_declared_functions_are_drawn_or_refused(
    app: ASGIApp, targets: list[str], start: int, end: int, form: str, points: str
) -> None:
    pairs = [("target", one) for one in targets]
    pairs += [("from", str(NOW + start)), ("until", str(NOW + end))]
    pairs += [("format", form), ("maxDataPoints", points)]
    assert_sound(ask(app, RawRequest("GET", b"/render", fields(pairs))))


def test_all_addresses_are_found(server: Server) -> None:
    found = set(routes_below(list(server._routes())))
    assert {"/render", "/metrics/find", "/functions/{name}", "/", "/task/{name:path}"} <= found
    assert {"/api/server", "/api/live", "/metrics", "/static/{path:path}"} <= found


def test_all_names_of_parameters_are_found() -> None:
    expected = {"target", "from", "until", "maxDataPoints", "query", "jsonp", "tz", "areaMode"}
    assert expected | {"range", "rows", "sort", "pretty", "xFilesFactor"} <= names_asked_for()
