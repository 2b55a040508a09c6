import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.graphite.body import MAX_BODY
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.routes import routes
from celeryscope.sketch import Distribution
from celeryscope.store.protocol import StoreError, Window
from support.asgi import Client, Fields
from support.fake_store import FakeStore

START = 1_700_000_040  # on a full minute
SPAN = {"from": str(START), "until": str(START + 30)}
GAUGE = "stats.gauges.g"


def client() -> Client:
    """Ask an API whose clock stands at the end of three intervals of ten seconds."""
    store = FakeStore()
    for place, value in enumerate([1.0, None, 3.0]):
        gauges = {} if value is None else {"g": value}
        timers = {"a.b.t": Distribution.of([place + 1.0])}
        counters = {"a.b.c": 2.0 * place}
        store.write(Flush(START + 10 * place, 10, counters=counters, gauges=gauges, timers=timers))
    return Client(Starlette(routes=routes(store, lambda: START + 30.5)))


CLIENT = client()


def test_series_are_json_with_nulls_and_times() -> None:
    answer = CLIENT.get("/render", {"target": GAUGE, "format": "json", **SPAN})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [
        {
            "target": GAUGE,
            "tags": {"name": GAUGE},
            "datapoints": [[1.0, START], [None, START + 10], [3.0, START + 20]],
        }
    ]


def test_the_answer_is_byte_for_byte_what_clients_parse() -> None:
    answer = CLIENT.get("/render", {"target": f"alias({GAUGE},'ü')", **SPAN})
    points = f"[[1.0,{START}],[null,{START + 10}],[3.0,{START + 20}]]"
    expected = f'[{{"target":"ü","tags":{{"name":"{GAUGE}"}},"datapoints":{points}}}]'
    assert answer.content.decode() == expected


def test_nulls_are_left_out_if_asked() -> None:
    answer = CLIENT.get("/render", {"target": GAUGE, "noNullPoints": "true", **SPAN})
    assert answer.json()[0]["datapoints"] == [[1.0, START], [3.0, START + 20]]


def test_infinite_values_are_null() -> None:
    answer = CLIENT.get("/render", {"target": "constantLine(inf)", **SPAN})
    assert [value for value, _ in answer.json()[0]["datapoints"]] == [None] * 3


def test_csv_has_a_line_for_each_point() -> None:
    zone = {"tz": "Europe/Berlin", "format": "csv"}
    answer = CLIENT.get("/render", {"target": f"alias({GAUGE},'a,b')", **SPAN, **zone})
    assert answer.text.splitlines() == [
        '"a,b",2023-11-14 23:14:00,1.0',
        '"a,b",2023-11-14 23:14:10,',
        '"a,b",2023-11-14 23:14:20,3.0',
    ]


def test_raw_has_a_line_for_each_series() -> None:
    answer = CLIENT.get("/render", {"target": [GAUGE, "constantLine(1)"], "format": "raw", **SPAN})
    assert answer.text.splitlines() == [
        f"{GAUGE},{START},{START + 30},10|1.0,None,3.0",
        f"1.0,{START},{START + 30},10|1.0,1.0,1.0",
    ]


def names(query: Fields) -> list[str]:
    return [one["target"] for one in CLIENT.get("/render", query).json()]


def test_targets_come_in_order_by_either_name_and_empty_ones_do_not_count() -> None:
    lines = [f"constantLine({n})" for n in range(3)]
    assert names({"target": [lines[0], " ", lines[1]], "target[]": lines[2], **SPAN}) == [
        "0.0",
        "1.0",
        "2.0",
    ]
    assert names(SPAN) == []


def test_a_form_and_the_query_string_are_one() -> None:
    answer = CLIENT.post("/render", {"target": GAUGE}, query=SPAN)
    assert [one["target"] for one in answer.json()] == [GAUGE]


@pytest.mark.parametrize(
    "ends",
    [
        {"from": "-30s"},
        {"from": "-30s", "until": "now"},
        {"from": str(START + 30), "until": str(START)},
        {"from": "-90s", "until": "-1min", "now": "+1min"},
        {"from": "22:14_20231114", "until": "now"},
        {"from": "17:14_20231114", "until": "now", "tz": "America/New_York"},
    ],
)
def test_ranges_may_be_said_in_many_ways(ends: Fields) -> None:
    points = CLIENT.get("/render", {"target": GAUGE, **ends}).json()[0]["datapoints"]
    assert [time for _, time in points] == [START, START + 10, START + 20]


# What Grafana 9 to 13 sends: graphite/datasource.ts and pkg/tsdb/graphite.
def test_a_panel_of_grafana_gets_its_reference_back() -> None:
    counter = "stats.counters.a.{b,x}.*.count"
    wrapped = [
        f'aliasSub({counter}, "(^.*$)", "\\1 A")',
        f'aliasSub(sumSeries({counter}), "(^.*$)", "\\1 B")',
    ]
    form = {"target": wrapped, **SPAN, "format": "json", "maxDataPoints": "1", "cacheTimeout": "60"}
    answer = CLIENT.post("/render", form).json()
    assert {one["target"]: one["datapoints"] for one in answer} == {
        "stats.counters.a.b.c.count A": [[6.0, START]],
        f"sumSeries({counter}) B": [[6.0, START]],
    }


def test_grafana_finds_the_data_source_healthy() -> None:
    form = {"target": "constantLine(100)", "from": "now-1h", "maxDataPoints": "100"}
    (line,) = CLIENT.post("/render", {**form, "until": "now", "format": "json"}).json()
    assert line["target"] == "100.0"
    assert {value for value, _ in line["datapoints"]} == {100.0}
    assert all(isinstance(time, int) for _, time in line["datapoints"])


def test_grafana_fills_its_variables() -> None:
    found = CLIENT.post("/metrics/find", {"query": "stats.timers.*"}, query=SPAN).json()
    assert [(one["text"], one["expandable"]) for one in found] == [("a", 1)]
    expanded = CLIENT.get("/metrics/expand", {"query": "stats.timers.a.b.*", **SPAN}).json()
    assert expanded == {"results": ["stats.timers.a.b.t"]}


def test_grafana_learns_functions_and_version() -> None:
    functions = CLIENT.get("/functions").json()
    assert functions.keys() == FUNCTIONS.keys()
    assert functions["summarize"]["params"][2]["default"] == "sum"
    assert "average" in functions["groupByNode"]["params"][2]["options"]
    assert CLIENT.get("/version").text == "1.1.10"


def test_one_function_is_told_of_on_lines_of_its_own_if_asked() -> None:
    answer = CLIENT.get("/functions/absolute", {"pretty": "1"})
    assert answer.json() == CLIENT.get("/functions").json()["absolute"]
    assert '\n  "group": "Transform",\n' in answer.text


def test_a_function_that_is_not_there_is_not_found() -> None:
    answer = CLIENT.get("/functions/x")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.text == "there is no function 'x'; see /functions for all\n"


def test_an_infinite_default_is_what_javascript_reads_as_one() -> None:
    assert '"default":1e9999' in CLIENT.get("/functions/keepLastValue").text


def test_the_index_lists_every_leaf() -> None:
    index = CLIENT.get("/metrics/index.json").json()
    assert index == sorted(index)
    assert {GAUGE, "stats.counters.a.b.c.rate", "stats.timers.a.b.t.upper_95"} <= set(index)


@pytest.mark.parametrize(
    ("path", "query", "why"),
    [
        ("/render", {"format": "pdf"}, "format is 'pdf'; allowed is json or csv or raw"),
        ("/render", {"from": "x"}, "from is 'x'; allowed is Unix seconds, a time such as now, mid"),
        ("/render", {"until": "-1x"}, "until is '-1x'; allowed is Unix seconds, a time such as"),
        ("/render", {"from": "-1h", "until": "-60min"}, "from '-1h' and until '-60min' are the s"),
        ("/render", {"tz": "Mars"}, "tz is 'Mars'; allowed is a name from the time zone database"),
        ("/render", {"maxDataPoints": "0"}, "maxDataPoints is '0'; allowed is a whole number from"),
        ("/render", {"maxDataPoints": "x"}, "maxDataPoints is 'x'; allowed is a whole number from"),
        ("/render", {"target": "f(a"}, "target 'f(a' is wrong at character 3: expected ',' or ')'"),
        ("/render", {"target": "<b> \n<i>"}, "target '<b> \\n<i>' is wrong at character 3: "),
        ("/metrics/find", {}, "query is missing; allowed is a path with globs, such as stats.*"),
        ("/metrics/find", {"query": "*", "format": "x"}, "format is 'x'; allowed is treejson or c"),
        (
            "/metrics/find",
            {"query": "*", "format": "nodelist", "position": "x"},
            "position is 'x'; allowed is a whole number",
        ),
        ("/metrics/expand", {"query": ""}, "query is missing; allowed is a path with globs, such"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_of_text(path: str, query: Fields, why: str) -> None:
    answer = CLIENT.get(path, query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text.startswith(why)
    assert answer.text.count("\n") == 1


def test_a_form_that_is_too_large_or_none_is_refused() -> None:
    assert CLIENT.post("/render", content=b"x" * (MAX_BODY + 1)).status_code == 413
    many = CLIENT.post("/render", content=b"a&" * 20_000)
    assert many.text == "the form has more than 10,000 fields\n"


ARGUMENT = st.sampled_from(
    [
        *(GAUGE, "stats.counters.**", "stats.timers.a.*.t.{mean,upper_97}", "**", "nothing"),
        *("1", "-1", "0", "1e9", "1e400", "inf", "2.5", "true", "none", "99999999999999999999"),
        *('"1h"', "'1s'", "'-1h'", '"sum"', '"x"', '"(^.*$)"', r'"\1 A"', r'"\9"', '"("', '""'),
        *("func='max'", "n=1", "alignToFrom=true"),
    ]
)
FUNCTION = st.sampled_from([*FUNCTIONS, "noFunction"])
TARGET = st.recursive(
    ARGUMENT,
    lambda inner: st.builds(
        lambda name, arguments: f"{name}({','.join(arguments)})",
        FUNCTION,
        st.lists(inner, max_size=4),
    ),
    max_leaves=8,
)
ODD = st.text(st.sampled_from("abs.*?[]{}(),|'\"\\= 1-\n\0ü"), max_size=30)
TIME = st.one_of(st.sampled_from(["-1h", "now", "0", str(START), "4000000000"]), ODD)


@settings(deadline=None, max_examples=300)
@given(st.one_of(TARGET, ODD), TIME, TIME, st.one_of(st.sampled_from(["", "1", "7"]), ODD))
def test_whatever_is_asked_is_answered_or_refused(
    target: str, start: str, end: str, points: str
) -> None:
    form = {"target": target, "from": start, "until": end, "maxDataPoints": points}
    assert CLIENT.post("/render", form).status_code in {200, 400}


@settings(deadline=None)
@given(ODD)
def test_whatever_is_sought_is_found_or_refused(query: str) -> None:
    for path in ("/metrics/find", "/metrics/expand"):
        assert CLIENT.get(path, {"query": query}).status_code in {200, 400}
    assert CLIENT.get("/metrics/find", {"query": query, "format": "completer"}).status_code < 500


@settings(deadline=None)
@given(ODD, ODD, ODD)
def test_whatever_is_asked_of_tags_and_events_is_answered_or_refused(
    one: str, other: str, limit: str
) -> None:
    queries: dict[str, Fields] = {
        "/tags": {"filter": one, "limit": limit},
        "/tags/name": {"filter": one, "limit": limit},
        "/tags/findSeries": {"expr": [one, f"name=~{other}"]},
        "/tags/autoComplete/tags": {"expr": [f"name!={one}"], "tagPrefix": other, "limit": limit},
        "/tags/autoComplete/values": {"tag": one, "valuePrefix": other, "expr": ["name!="]},
        "/tags/tagMultiSeries": {"path": [one, other]},
        "/events/get_data": {"tags": one, "from": other, "set": limit, "jsonp": one},
    }
    for path, query in queries.items():
        assert CLIENT.get(path, query).status_code in {200, 400}


def test_a_store_that_cannot_be_read_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_store: FakeStore, _window: Window) -> None:
        raise StoreError("the store could not be read: no memory")

    monkeypatch.setattr(FakeStore, "covered", fail)
    answer = client().get("/render", {"target": "stats.counters.a.b.c.rate", **SPAN})
    assert (answer.status_code, answer.text) == (503, "the store could not be read: no memory\n")


def test_a_regular_expression_that_would_never_end_is_refused() -> None:
    name = "a" * 40
    target = f"aliasSub(alias({GAUGE},'{name}!'),'^(a|aa|a?)+$','')"
    answer = CLIENT.get("/render", {"target": target, **SPAN})
    assert answer.status_code == 400
    assert "takes longer than 0.5 s" in answer.text
