"""Times, names and the list of functions against graphite-web itself."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from random import Random

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.routes import routes
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.times import parse_time, parse_zone
from celeryscope.sketch import Distribution
from support.asgi import Client
from support.fake_store import FakeStore
from support.graphite_oracle import Oracle, graphite_web

FAR = 7_000_000_000
NOWS = [
    datetime(2026, 11, 22, 13, 30, 15, tzinfo=UTC),  # a Sunday
    datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC),  # half a minute before Berlin's summer time
    datetime(2025, 12, 31, 22, 30, tzinfo=UTC),  # next year in Berlin's evening
]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
CLOCKS = ["", "noon", "midnight", "teatime", "8am", "11pm", "10:15", "8:30pm", "04:00", "23:59"]
DAYS = [
    *("", "today", "yesterday", "tomorrow", "monday", "fri", "sunday", "jan21", "december 3"),
    *("01/31/26", "12/25/1999", "20260131", "20240229", "07/04/70"),
]
OFFSETS = [
    *("", "-1h", "-90s", "+5min", "-2d", "-1w", "-1mon", "-1y", "-1d12h", "+3days", "-2hours"),
    *("-10minutes", "-1weeks", "+1seconds", "-1years", "-3months"),
]
OTHERS = [
    *("now", "now-1h", "1700000000", "1", "bla", "-1x", "-h", "5 o'clock", "25:00", "20260231"),
    *("13/13/26", "jan", "jan32", "1e9", "--1h", "2_0_2_6_0_1_3_1", "14:30_20260131", "Now", "-5m"),
]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with graphite_web() as started:
        yield started


def times() -> list[str]:
    whole = [f"{clock}_{day}{offset}" for clock, day, offset in product(CLOCKS, DAYS, OFFSETS)]
    return OTHERS + Random(3).sample(whole, 400)


def their_time(oracle: Oracle, text: str, now: int, zone: str) -> int | None:
    query = [("target", "constantLine(1)"), ("from", text), ("until", str(FAR))]
    options = [("now", str(now)), ("tz", zone), ("format", "json"), ("noCache", "1")]
    answer = oracle.get("/render", [*query, *options])
    if answer.status != httpx.codes.OK:
        return None
    (_, first), *_ = answer.json[0]["datapoints"]
    return int(first) if first >= 0 else None  # here time begins in 1970


def our_time(text: str, now: int, zone: str) -> int | None:
    try:
        return parse_time("from", text, now, parse_zone(zone))
    except RequestError:
        return None


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_is_what_graphite_web_takes_it_for(oracle: Oracle, zone: str) -> None:
    found = {}
    for text, now in zip(times(), Random(4).choices(NOWS, k=1000), strict=False):
        unix = int(now.timestamp())
        pair = our_time(text, unix, zone), their_time(oracle, text, unix, zone)
        if pair[0] != pair[1]:
            found[text, str(now)] = pair
    assert found == {}


@pytest.mark.parametrize(("text", "hours"), [("12am", 0), ("12pm", 12), ("12:30am", 0.5)])
def test_noon_is_noon_but_for_graphite_web(oracle: Oracle, text: str, hours: float) -> None:
    now = int(NOWS[0].timestamp())
    ours, theirs = our_time(text, now, "UTC"), their_time(oracle, text, now, "UTC")
    assert ours == now // 86_400 * 86_400 + hours * 3600
    assert abs((ours or 0) - (theirs or 0)) == 12 * 3600


@pytest.fixture(scope="module")
def client(oracle: Oracle) -> Client:
    """Give both sides the same names."""
    store = FakeStore()
    timers = {"a.b.t": Distribution.of([1.0]), "a.c.t": Distribution.of([1.0])}
    gauges = {"g": 1.0, "g.h": 1.0, "a.g": 2.0}
    counters = {"a.b": 1.0, "a.bb.c": 1.0, "x": 2.0}
    store.write(Flush(0, 10, counters=counters, gauges=gauges, sets={"s": 3.0}, timers=timers))
    asked = Client(Starlette(routes=routes(store, lambda: 10.0)))
    names = asked.get("/metrics/index.json").json()
    oracle.hold({name: TimeSeries(name, 0, 10, np.ones(1)) for name in names})
    return asked


QUERIES = [
    *("*", "s*", "stats", "stats.*", "nothing.*", "stats.counters.*", "stats.counters.a.*"),
    *("stats.timers.a.*", "stats.timers.a.?.t.upper*", "stats.*.a", "*.*", "stats.{gauges,sets}.*"),
    *("stats.gauges.*", "stats.gauges.g", "stats.gauges.g.*", "stats.timers.a.[bc].t.{mean,std}"),
    *("stats.timers.a.b.t.*", "stats.counters.a.b*", "stats.counters.a.bb.c.count"),
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"format": "completer"},
        {"format": "nodelist", "position": "0"},
        {"format": "nodelist", "position": "-1"},
    ],
)
def test_names_are_found_as_graphite_web_finds_them(
    oracle: Oracle, client: Client, query: str, options: dict[str, str]
) -> None:
    ours = client.get("/metrics/find", {"query": query, **options}).json()
    theirs = oracle.get("/metrics/find", [("query", query), *options.items()]).json
    if "metrics" in theirs:
        # What has the same name comes in any order from graphite-web.
        theirs["metrics"].sort(
            key=lambda one: (one["name"], one["path"].strip("."), one["is_leaf"])
        )
    assert ours == theirs


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("options", [{}, {"leavesOnly": "1"}, {"groupByExpr": "1"}])
def test_paths_are_expanded_as_graphite_web_expands_them(
    oracle: Oracle, client: Client, query: str, options: dict[str, str]
) -> None:
    ours = client.get("/metrics/expand", {"query": query, **options}).json()
    assert ours == oracle.get("/metrics/expand", [("query", query), *options.items()]).json


def test_the_index_is_graphite_webs(oracle: Oracle, client: Client) -> None:
    assert client.get("/metrics/index.json").json() == oracle.get("/metrics/index.json").json


ADDED = {"mergedPercentile"}
OTHER_SIGNATURES = {
    *("aggregateWithWildcards", "highest", "legendValue", "lowest", "powSeries", "round"),
    *("stacked", "timeShift"),
}
"""graphite-web shows names and defaults that its own parameters do not have."""

WEEKS_FROM_A_DAY = {f"weeks{day}" for day in range(1, 8)}
"""It takes them, but does not tell."""


def test_functions_have_the_parameters_that_graphite_web_tells_of(
    oracle: Oracle, client: Client
) -> None:
    ours, theirs = client.get("/functions").json(), oracle.get("/functions").json
    alignments = ours["smartSummarize"]["params"][3]["options"]
    alignments[:] = [unit for unit in alignments if unit not in WEEKS_FROM_A_DAY]
    assert ours.keys() - ADDED == theirs.keys()
    for name in ours.keys() - ADDED:
        parts = ["name", "group", "params"] + ["function"] * (name not in OTHER_SIGNATURES)
        assert [ours[name][part] for part in parts] == [theirs[name][part] for part in parts]


@pytest.mark.parametrize("query", [{"group": "Alias"}, {"grouped": "1"}, {"group": "no such"}])
def test_functions_are_grouped_as_graphite_web_groups_them(
    oracle: Oracle, client: Client, query: dict[str, str]
) -> None:
    ours, theirs = (
        client.get("/functions", query).json(),
        oracle.get("/functions", [*query.items()]),
    )
    assert ours.keys() == theirs.json.keys()


def test_one_function_is_told_of_by_name(oracle: Oracle, client: Client) -> None:
    ours, theirs = client.get("/functions/keepLastValue"), oracle.get("/functions/keepLastValue")
    assert ours.json()["params"] == theirs.json["params"]
    missing = client.get("/functions/nope").status_code, oracle.get("/functions/nope").status
    assert missing == (404, 404)
