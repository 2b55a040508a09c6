import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from celeryscope.graphite import events
from celeryscope.graphite.body import MAX_BODY
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.othersites import refuse_other_sites
from celeryscope.graphite.routes import routes
from celeryscope.store.protocol import Event
from support.asgi import Client
from support.fake_store import FakeStore

NOW = 1_700_000_000
FORM = "application/x-www-form-urlencoded"
RELEASE = {"what": "release 42", "tags": "deploy shop"}


def client(store: FakeStore | None = None) -> Client:
    return Client(Starlette(routes=routes(store or FakeStore(), lambda: NOW + 0.5)))


def post(asked: Client, content: object) -> httpx.Response:
    # As curl sends what its option -d says.
    return asked.post("/events/", content=json.dumps(content).encode(), media_type=FORM)


def answered(asked: Client, **query: str) -> list[str]:
    return [one["what"] for one in asked.get("/events/get_data", query).json()]


def test_an_event_that_is_posted_is_there_at_once() -> None:
    asked = client()
    answer = post(asked, {**RELEASE, "data": "by Ann"})
    assert (answer.status_code, answer.text) == (200, "")
    expected = {"when": NOW, "data": "by Ann", "id": 1, "tags": ["deploy", "shop"]}
    assert asked.get("/events/get_data").json() == [{"what": "release 42", **expected}]
    assert asked.get("/events/1/").json() == asked.get("/events/1").json()
    assert asked.get("/events/2").status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("path", ["/events", "/events/"])
def test_what_only_takes_cannot_be_got(path: str) -> None:
    assert client().get(path).status_code == httpx.codes.METHOD_NOT_ALLOWED


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("a b", ("a", "b")),
        (" a\tb\n", ("a", "b")),
        (["a", "b c"], ("a", "b", "c")),
        ("", ()),
        ([], ()),
        (None, ()),
    ],
)
def test_tags_are_split_at_white_space(tags: object, read: tuple[str, ...]) -> None:
    body = json.dumps({"what": "x", "tags": tags}).encode()
    assert events.read(body, NOW) == Event(NOW, "x", read)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the body is no JSON"),
        (b"what=x", "the body is no JSON"),
        (b'["x"]', "allowed is an object with what"),
        (b"{}", "what is missing"),
        (b'{"what": " "}', "what is missing"),
        (b'{"what": 5}', "what is 5; allowed is text"),
        (b'{"what": "x", "tags": 5}', "tags is 5; allowed is text with spaces between tags"),
        (b'{"what": "x", "tags": ["a", 5]}', "tags is .'a', 5.; allowed is text"),
        (b'{"what": "x", "data": {}}', "data is {}; allowed is text"),
        (b'{"what": "x", "when": "now"}', "when is 'now'; allowed is a Unix time"),
        (b'{"what": "x", "when": true}', "when is True; allowed is a Unix time"),
        (b'{"what": "x", "when": null}', "when is None; allowed is a Unix time"),
        (b'{"what": "x", "when": -1}', "when is -1; allowed is a Unix time"),
        (b'{"what": "x", "when": 1e99}', "when is 1e.99; allowed is a Unix time"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(body: bytes, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        events.read(body, NOW)


@pytest.mark.parametrize(
    "event",
    [
        {"what": "x" * 1001},
        {"what": "x", "data": "x" * 65_537},
        {"what": "x", "tags": "a " * 101},
        {"what": "x", "tags": "a" * 256},
    ],
)
def test_an_event_has_limits_of_its_own(event: object) -> None:
    answer = post(client(), event)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "allowed" in answer.text
    assert len(answer.text) < 300


def test_a_body_that_is_too_large_is_not_read() -> None:
    answer = post(client(), {"what": "x" * MAX_BODY})
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists) | st.binary())
def test_nothing_that_is_posted_fails(content: Any) -> None:  # noqa: ANN401 -- any JSON
    body = content if isinstance(content, bytes) else json.dumps({"what": content}).encode()
    answer = client().post("/events/", content=body)
    assert answer.status_code in {httpx.codes.OK, httpx.codes.BAD_REQUEST}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://here:8888"},
        {"origin": "http://elsewhere"},
        {"origin": "http://here"},
        {"origin": "null"},
    ],
)
def test_a_page_of_another_site_cannot_post(headers: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="allowed is none or the server's own"):
        refuse_other_sites({"host": "here:8888", **headers})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://outside.example"},
        {"origin": "http://here:8888"},
    ],
)
def test_programs_and_pages_of_the_server_can_post(headers: dict[str, str]) -> None:
    refuse_other_sites({"host": "here:8888", **headers})


def test_a_post_of_another_site_is_forbidden_and_leaves_nothing() -> None:
    asked = client()
    answer = asked.post(
        "/events/", content=json.dumps(RELEASE).encode(), headers={"origin": "http://elsewhere"}
    )
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert answered(asked) == []


def test_events_are_asked_for_by_tags_and_times() -> None:
    asked = client()
    for hours, tags in [(3, "deploy"), (2, "deploy web"), (1, "web"), (-1, "later")]:
        post(asked, {"what": f"{hours}h ago", "tags": tags, "when": NOW - 3600 * hours})
    assert answered(asked) == ["3h ago", "2h ago", "1h ago"]
    assert answered(asked, tags="web deploy") == ["2h ago"]
    assert answered(asked, tags="web deploy", set="union") == ["3h ago", "2h ago", "1h ago"]
    assert answered(asked, tags=" web  ", set="intersection") == ["2h ago", "1h ago"]
    assert answered(asked, tags="unheard-of") == []
    assert answered(asked, **{"from": "-150min", "until": "-90min"}) == ["2h ago"]
    assert answered(asked, **{"from": str(NOW - 3600), "until": str(NOW - 3600)}) == ["1h ago"]
    assert answered(asked, until="tomorrow") == ["3h ago", "2h ago", "1h ago", "-1h ago"]
    assert answered(asked, **{"from": "now", "until": "-1d"}) == []


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"from": "soon"}, "from is 'soon'; allowed is"),
        ({"set": "both"}, "set is 'both'; allowed is intersection or union"),
        ({"jsonp": "1+1"}, "jsonp is '1+1'; allowed is"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(query: dict[str, str], why: str) -> None:
    answer = client().get("/events/get_data", query)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert why in answer.text


def test_more_events_than_an_answer_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_FOUND", 2)
    asked = client()
    for _ in range(2):
        post(asked, RELEASE)
    assert len(answered(asked)) == 2
    post(asked, RELEASE)
    assert "more than 2 events match" in asked.get("/events/get_data").text
    assert len(answered(asked, tags="other")) == 0


def test_events_are_a_series_of_their_counts() -> None:
    store = FakeStore()
    asked = client(store)
    for second in (0, 3, 25):
        post(asked, {**RELEASE, "when": NOW + second})
    span = {"from": str(NOW), "until": str(NOW + 40)}
    for target in ('events("*")', "events('deploy', 'shop')"):
        (line,) = asked.get("/render", {"target": target, **span}).json()
        assert [value for value, _ in line["datapoints"]] == [2, None, 1, None]
    (line,) = asked.get("/render", {"target": "events('*')", "maxDataPoints": "1", **span}).json()
    assert line["datapoints"] == [[3, NOW]]
    (line,) = asked.get("/render", {"target": "events('none')", **span}).json()
    assert {value for value, _ in line["datapoints"]} == {None}
