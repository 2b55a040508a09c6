"""What `/render` answers in, against graphite-web itself."""

import json
import pickle
import runpy
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from celeryscope.graphite import evaluate
from celeryscope.graphite.routes import routes
from support.asgi import Client
from support.fake_store import FakeStore
from support.graphite_oracle import PYTHON, Oracle, Query, graphite_web
from support.graphite_oracle.arrays import START, arrays
from support.graphite_oracle.ours import ArrayFetcher

ARRAYS = arrays()
VENV = PYTHON.parents[1]
SPAN = [("from", str(START)), ("until", str(START + 120)), ("noCache", "1")]
TARGETS = [
    [],
    [("target", "ten.shape.gaps")],
    [("target", "ten.web1.*"), ("target", "scale(ten.shape.empty,2)")],
    [("target", "minute.db.used"), ("target", "alias(minute.web2.used,'ü, \"')")],
    [("target", "ten.nothing.here")],
]
TEMPLATES: list[Query] = [
    [("target", 'template(ten.$host.used, host="web1")')],
    [("target", 'template(ten.$1.$2, "web1", "used")')],
    [("target", "template(scale(ten.$host.used,$by),host='db',by='2.5')")],
    [("target", "template(scale(ten.web?.used,$1),3)|aliasByNode(1)")],
    [("target", "template(alias(ten.$host.used,$host),host='web2')")],
    [("target", 'template(ten.$host.used, host="web1")'), ("template[host]", "web2")],
    [("target", "template(ten.$host.*)"), ("template[host]", "db"), ("template[no]", "x")],
    [("target", "ten.$host.*"), ("template[host]", "db")],
    [("target", "template(sumSeries(ten.$host.used,ten.db.$leaf),host='w*',leaf='total')")],
]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with graphite_web() as started:
        started.hold(ARRAYS)
        yield started


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(evaluate, "Fetcher", lambda *given: ArrayFetcher(ARRAYS, given[-1]))
    return Client(Starlette(routes=routes(FakeStore(), lambda: START + 120)))


def both(oracle: Oracle, client: Client, query: Query) -> tuple[bytes, bytes]:
    """Return our answer and graphite-web's."""
    fields: dict[str, list[str]] = {}
    for key, value in [*query, *SPAN]:
        fields.setdefault(key, []).append(value)
    ours, theirs = client.get("/render", fields), oracle.get("/render", [*query, *SPAN])
    assert (ours.status_code, theirs.status) == (200, 200)
    return ours.content, theirs.content


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("form", ["json", "dygraph", "rickshaw"])
@pytest.mark.parametrize("options", [[], [("pretty", "1")]])
def test_json_is_the_same(
    oracle: Oracle, client: Client, targets: list[tuple[str, str]], form: str, options: Query
) -> None:
    query = [*targets, ("format", form), *options]
    ours, theirs = both(oracle, client, query)
    assert json.loads(ours) == json.loads(theirs)
    assert ours.startswith(b"[\n") is theirs.startswith(b"[\n") or form == "dygraph"


@pytest.mark.parametrize("targets", TARGETS[1:])
def test_points_without_a_value_are_left_out_in_the_same_way(
    oracle: Oracle, client: Client, targets: list[tuple[str, str]]
) -> None:
    ours, theirs = both(oracle, client, [*targets, ("noNullPoints", "1"), ("format", "json")])
    assert json.loads(ours) == json.loads(theirs)


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("form", ["csv", "raw"])
def test_text_is_the_same(
    oracle: Oracle, client: Client, targets: list[tuple[str, str]], form: str
) -> None:
    ours, theirs = both(oracle, client, [*targets, ("format", form)])
    assert ours.decode() == theirs.decode()


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("asked", [("format", "pickle"), ("pickle", "true")])
def test_pickles_hold_the_same(
    oracle: Oracle, client: Client, targets: list[tuple[str, str]], asked: tuple[str, str]
) -> None:
    ours, theirs = both(oracle, client, [*targets, asked])
    assert pickle.loads(ours) == pickle.loads(theirs)


@pytest.mark.parametrize("targets", TARGETS)
def test_messages_hold_the_same_for_graphite_webs_own_reader(
    oracle: Oracle, client: Client, targets: list[tuple[str, str]]
) -> None:
    (path,) = VENV.glob("lib/*/site-packages/graphite/umsgpack.py")
    reader = runpy.run_path(str(path))["unpackb"]
    ours, theirs = both(oracle, client, [*targets, ("format", "msgpack")])
    assert reader(ours) == reader(theirs)


@pytest.mark.parametrize("form", ["json", "dygraph", "rickshaw"])
def test_a_callback_gets_the_same(oracle: Oracle, client: Client, form: str) -> None:
    query = [("target", "ten.web1.used"), ("format", form), ("jsonp", "app.draw")]
    answers = both(oracle, client, query)
    contents = [answer.removeprefix(b"app.draw(").removesuffix(b")") for answer in answers]
    assert json.loads(contents[0]) == json.loads(contents[1])


@pytest.mark.parametrize("query", TEMPLATES)
def test_templates_are_filled_in_the_same_way(oracle: Oracle, client: Client, query: Query) -> None:
    ours, theirs = both(oracle, client, [*query, ("format", "json")])
    assert json.loads(ours) == json.loads(theirs)
