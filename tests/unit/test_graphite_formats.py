import json
import pickle
from datetime import UTC
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.graphite.budget import Budget, LimitError, Limits
from celeryscope.graphite.formats import FORMATS, Options
from celeryscope.graphite.routes import routes
from celeryscope.graphite.series import TimeSeries
from support.asgi import Client
from support.fake_store import FakeStore

START = 1_700_000_040
SPAN = {"from": str(START), "until": str(START + 20)}
GAUGE = "stats.gauges.g"


def client() -> Client:
    store = FakeStore()
    store.write(Flush(START, 10, gauges={"g": 1.0, "h": 2.0}))
    store.write(Flush(START + 10, 10, gauges={"h": 3.0}))
    return Client(Starlette(routes=routes(store, lambda: START + 20)))


CLIENT = client()


def test_dygraph_has_a_row_for_each_time_and_a_column_for_each_series() -> None:
    targets = [GAUGE, "stats.gauges.h", f"summarize({GAUGE},'20s','sum',true)"]
    answer = CLIENT.get("/render", {"target": targets, "format": "dygraph", **SPAN})
    assert answer.json() == {
        "labels": ["Time", GAUGE, "stats.gauges.h", f'summarize({GAUGE}, "20s", "sum", true)'],
        "data": [[START * 1000, 1, 2, 1], [(START + 10) * 1000, None, 3, None]],
    }


def test_rickshaw_has_x_and_y() -> None:
    answer = CLIENT.get("/render", {"target": GAUGE, "format": "rickshaw", **SPAN})
    points = [{"x": START, "y": 1.0}, {"x": START + 10, "y": None}]
    assert answer.json() == [{"target": GAUGE, "datapoints": points}]


def test_a_pickle_holds_what_other_servers_need() -> None:
    answer = CLIENT.get("/render", {"target": f"scale({GAUGE},2)", "format": "pickle", **SPAN})
    assert answer.headers["content-type"] == "application/pickle"
    (series,) = pickle.loads(answer.content)
    assert series == {
        "name": f"scale({GAUGE},2)",
        "start": START,
        "end": START + 20,
        "step": 10,
        "values": [2.0, None],
        "pathExpression": f"scale({GAUGE},2)",
        "valuesPerPoint": 1,
        "consolidationFunc": "average",
        "xFilesFactor": 0.0,
    }


@pytest.mark.parametrize(
    ("query", "media_type"),
    [
        ({}, "application/json"),
        ({"rawData": "true"}, "text/plain; charset=utf-8"),
        ({"pickle": "1"}, "application/pickle"),
        ({"format": "msgpack"}, "application/x-msgpack"),
        ({"rawData": "1", "format": "csv"}, "text/csv; charset=utf-8"),
        ({"format": "rickshaw", "jsonp": "x"}, "text/javascript; charset=utf-8"),
        ({"format": "csv", "jsonp": "x"}, "text/csv; charset=utf-8"),
    ],
)
def test_a_format_has_its_media_type(query: dict[str, str], media_type: str) -> None:
    answer = CLIENT.get("/render", {"target": GAUGE, **SPAN, **query})
    assert answer.headers["content-type"] == media_type


def test_series_without_a_value_are_left_out_if_their_nulls_are() -> None:
    query = {"target": [GAUGE, f"delay({GAUGE},9)"], "noNullPoints": "1", **SPAN}
    assert [one["target"] for one in CLIENT.get("/render", query).json()] == [GAUGE]


@pytest.mark.parametrize("path", ["/render", "/metrics/index.json", "/functions/scale"])
def test_a_callback_is_called_with_the_answer(path: str) -> None:
    plain = CLIENT.get(path, {"target": GAUGE, **SPAN})
    called = CLIENT.get(path, {"target": GAUGE, "jsonp": "my.draw", **SPAN})
    assert called.text == f"my.draw({plain.text})"
    assert called.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["a b", "alert(1)//", "1a", "a..b", "<", "x" * 65])
def test_a_callback_is_nothing_but_a_name(name: str) -> None:
    answer = CLIENT.get("/render", {"target": GAUGE, "jsonp": name, **SPAN})
    assert answer.status_code == 400
    assert answer.text.endswith("allowed is the name of a function\n")


def posted(body: object) -> Any:  # noqa: ANN401 -- JSON is anything
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CLIENT.post("/render", content=content, media_type="application/json; charset=utf-8")


def test_a_request_may_be_json() -> None:
    body = {"target": [GAUGE, "stats.gauges.h"], "from": START, "until": START + 20}
    answer = posted({**body, "maxDataPoints": 1, "noNullPoints": True, "tz": None})
    assert [one["datapoints"] for one in answer.json()] == [[[1.0, START]], [[2.5, START]]]
    template = {"target": "template(stats.gauges.$n)", "template": {"n": "h"}}
    assert [one["target"] for one in posted({**template, **SPAN}).json()] == ["stats.gauges.h"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "the body is no JSON: "),
        ([1], "the body is no JSON object\n"),
        ({"target": [["a"]]}, "'target' is nested too deeply; allowed are text and numbers\n"),
    ],
)
def test_json_that_asks_for_nothing_is_refused(body: object, why: str) -> None:
    answer = posted(body)
    assert answer.status_code == 400
    assert answer.text.startswith(why)


def test_a_body_of_another_kind_is_refused() -> None:
    answer = CLIENT.post("/render", content=b"a=b", media_type="text/xml")
    assert answer.status_code == 400
    assert answer.text.startswith("content-type is 'text/xml'; allowed is application/x-www-form")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["target", "from", "until", "tz", "maxDataPoints", "format", "template"])


@given(st.dictionaries(NAMES | st.text(max_size=5), VALUES))
def test_whatever_json_asks_is_answered_or_refused(body: dict[str, object]) -> None:
    assert posted(body).status_code in {200, 400}


@pytest.mark.parametrize("form", FORMATS)
def test_no_series_are_an_answer_too(form: str) -> None:
    assert CLIENT.get("/render", {"format": form, **SPAN}).status_code == 200


@pytest.mark.parametrize(
    ("target", "given", "name"),
    [
        ("template(stats.gauges.$1,'h')", {}, "stats.gauges.h"),
        ("template(scale(stats.gauges.$n,$f),n='h',f='-.5')", {}, "scale(stats.gauges.h,-0.5)"),
        ("template(alias(stats.gauges.h,$as),as='a \\'b\\'')", {}, "a 'b'"),
        ("template(alias(stats.gauges.h,$as))", {"as": 'a "b"'}, 'a "b"'),
        ("template(stats.gauges.$nn,n='g',nn='h')", {}, "stats.gauges.h"),
        ("template(scale(stats.gauges.h,factor=$f),f=2)", {}, "scale(stats.gauges.h,2)"),
        ("template(stats.gauges.$n,n='g')", {"n": "h"}, "stats.gauges.h"),
        ("scale(template(template(stats.gauges.$n),n='h'),2)", {}, "scale(stats.gauges.h,2)"),
    ],
)
def test_a_template_is_filled(target: str, given: dict[str, str], name: str) -> None:
    filled = {f"template[{variable}]": value for variable, value in given.items()}
    answer = CLIENT.get("/render", {"target": target, **filled, **SPAN}).json()
    assert [one["target"] for one in answer] == [name]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("template()", "wrong at character 0: template needs a path or a function"),
        ("template('a')", "wrong at character 0: template needs a path or a function"),
        ("template(a.$1,b.c)", "wrong at character 14: template: a value is a target; allowed is"),
        (f"template($a.$a,a='{'x' * 3000}')", "template: a path grows longer than 4000 characters"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(target: str, why: str) -> None:
    answer = CLIENT.get("/render", {"target": target, **SPAN})
    assert answer.status_code == 400
    assert why in answer.text


LINES = [TimeSeries("n" * 100, START + place, 50, np.arange(100.0)) for place in range(20)]
HELD = 2000


@pytest.mark.parametrize("name", ["json", "raw", "rickshaw"])
def test_what_takes_no_more_room_than_its_values_is_not_charged_again(name: str) -> None:
    options = Options(no_nulls=False, zone=UTC, budget=Budget(Limits(values=HELD)))
    assert FORMATS[name].encode(LINES, options)
    assert options.budget.values == 0


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("csv", {}),  # the name is on every line
        ("dygraph", {}),  # every series has a place for every time
        ("pickle", {}),
        ("msgpack", {}),
        ("json", {"pretty": True}),
        ("rickshaw", {"pretty": True}),
    ],
)
def test_what_takes_more_room_than_its_values_is_charged_for_it(
    name: str, layout: dict[str, bool]
) -> None:
    roomy, tight = (
        Options(no_nulls=False, zone=UTC, budget=Budget(Limits(values=values)), **layout)
        for values in (100 * HELD, 2 * HELD)
    )
    assert FORMATS[name].encode(LINES, roomy)
    with pytest.raises(LimitError):
        FORMATS[name].encode(LINES, tight)
