"""Events against graphite-web's own."""

from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from celeryscope.graphite.routes import routes
from support.asgi import Client
from support.fake_store import FakeStore
from support.graphite_oracle import Oracle, Query, graphite_web

START = 1_700_042_400
NOW = START + 7200
TAGS = ["deploy", "celery", "web", "Deploy", "de-ploy", "v1.2"]
SECONDS = 3600
CASES = 300

Json = Any  # what the sides answer is compared, not modelled


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with graphite_web() as started:
        yield started


def posted() -> list[Json]:
    """Return forty events as clients send them, some of one second, in any order of time."""
    random = Random(1)
    made: list[Json] = []
    for number in range(40):
        tags = random.sample(TAGS, random.randint(0, 3))
        event = {"what": f"release {number}", "when": START + random.randrange(0, SECONDS, 60)}
        event |= random.choice(
            [{"tags": tags}, {"tags": " ".join(tags)}, {"tags": f" {'  '.join(tags)} "}]
        )
        made.append(event | random.choice([{}, {"data": "by Ann\n<b>ü</b>"}, {"data": ""}]))
    return [
        *made,
        {"what": "without tags", "when": START},
        {"what": "null", "when": START, "tags": None},
    ]


@pytest.fixture(scope="module")
def client(oracle: Oracle) -> Client:
    """Post the same events to both sides."""
    asked = Client(Starlette(routes=routes(FakeStore(), lambda: float(NOW))))
    for event in posted():
        theirs = oracle.post_json("/events/", event)
        ours = asked.post("/events/", content=httpx.Request("POST", "http://x", json=event).content)
        assert (ours.status_code, ours.text) == (theirs.status, theirs.body) == (200, "")
    return asked


def both(oracle: Oracle, client: Client, query: Query) -> list[Json]:
    """Return the events of both sides; graphite-web has those of one second in any order."""
    answers = (
        client.get("/events/get_data", dict(query)).json(),
        oracle.get("/events/get_data", query).json,
    )
    return [sorted(answer, key=lambda one: (one["when"], one["id"])) for answer in answers]


def test_events_of_a_range_with_tags_are_those_of_graphite_web(
    oracle: Oracle, client: Client
) -> None:
    random, found = Random(2), {}
    for _ in range(CASES):
        query = [
            ("from", str(START + random.randrange(-120, SECONDS, 30))),
            ("until", str(START + random.randrange(-120, SECONDS, 30))),
        ]
        query = random.choice([query, query[:1], query[1:], []])
        if random.random() < 0.8:
            query.append(("tags", " ".join(random.sample(TAGS, random.randint(1, 3)))))
            query += random.choice([[], [("set", "union")], [("set", "intersection")]])
        ours, theirs = both(oracle, client, query)
        if ours != theirs:
            found[str(query)] = ours, theirs
    assert found == {}


@pytest.mark.parametrize(
    "times", [("09:00_20231115", "10:30_20231115"), ("11/15/2023", "20231116")]
)
def test_the_ends_of_a_range_may_be_said_in_many_ways(
    oracle: Oracle, client: Client, times: tuple[str, str]
) -> None:
    ours, theirs = both(oracle, client, [("from", times[0]), ("until", times[1])])
    assert ours == theirs != []


def test_a_script_gets_the_same_events(oracle: Oracle, client: Client) -> None:
    query = [("tags", "web"), ("jsonp", "draw"), ("until", str(START + 600))]
    ours, theirs = (
        client.get("/events/get_data", dict(query)),
        oracle.get("/events/get_data", query),
    )
    assert ours.headers["content-type"].partition(";")[0] == "text/javascript"
    assert ours.text.startswith("draw([")
    assert theirs.body.startswith("draw([")


def test_one_event_is_told_of_by_its_number(oracle: Oracle, client: Client) -> None:
    last = len(posted())
    ours = client.get(f"/events/{last}/").json()
    (listed,) = (one for one in both(oracle, client, [])[1] if one["id"] == last)
    assert ours == listed
    assert client.get("/events/1000/").status_code == oracle.get("/events/1000/").status == 404


@pytest.mark.parametrize(
    "body", [[], "x", {}, {"what": "x", "tags": 5}, {"what": "x", "when": "y"}]
)
def test_what_describes_no_event_is_refused_by_both(
    oracle: Oracle, client: Client, body: Json
) -> None:
    ours = client.post("/events/", content=httpx.Request("POST", "http://x", json=body).content)
    assert ours.status_code == 400
    assert oracle.post_json("/events/", body).status in {400, 500}


def test_a_tag_that_no_event_has_is_not_overlooked_but_by_graphite_web(
    oracle: Oracle, client: Client
) -> None:
    ours, theirs = both(oracle, client, [("tags", "deploy unheard-of")])
    assert ours == []
    assert theirs == both(oracle, client, [("tags", "deploy")])[1] != []


def test_events_are_counted_as_graphite_web_counts_them(oracle: Oracle, client: Client) -> None:
    span = [("from", str(START)), ("until", str(START + SECONDS)), ("format", "json")]
    for target in ('events("*")', "events('deploy')", "events('deploy', 'celery')"):
        ours = client.get("/render", {"target": target, **dict(span)}).json()
        theirs = oracle.get("/render", [("target", target), *span]).json
        named = [[one["target"] for one in side] for side in (ours, theirs)]
        assert named[0] == named[1]
        counts = [
            {time // 10: value for value, time in side[0]["datapoints"] if value}
            for side in (ours, theirs)
        ]
        assert counts[0] == counts[1] != {}
