"""The Graphite API over the real store, and over HTTP as Grafana asks it."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.span import Span
from celeryscope.sketch import Distribution
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.tiers import parse_retentions
from support.fake_store import FakeStore
from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

START = 1_700_000_400  # every step used here divides it
TASK = "celery.task.app.mod"


def flushes() -> list[Flush]:
    """Return an hour of two tasks, the second rare, with a gap and a slow start."""
    random = np.random.default_rng(7)
    made = []
    for place in [*range(200), *range(230, 360)]:
        counters = {f"{TASK}.often.success": float(random.integers(1, 9))}
        timers = {f"{TASK}.often.runtime": Distribution.of(random.lognormal(3, 1, 5), 10)}
        if place % 50 == 7:
            counters[f"{TASK}.rare.success"] = 1.0
            timers[f"{TASK}.rare.runtime"] = Distribution.of(random.lognormal(6, 1, 2))
        gauges, sets = {"busy": float(place % 4)}, {"users": float(place % 11)}
        seconds = 4 if place == 0 else 10
        made.append(Flush(START + 10 * place, seconds, counters, gauges, sets, timers))
    return made


FLUSHES = flushes()
TARGETS = [
    f"stats.counters.{TASK}.*.success.{{count,rate}}",
    f"stats.timers.{TASK}.*.runtime.*",
    f"stats.timers.{TASK}.*.runtime.{{upper_97,mean_top10,lower_top1}}",
    "stats.{gauges,sets}.**",
    f"mergedPercentile(stats.timers.{TASK}.*.runtime,95)",
    f"asPercent(stats.counters.{TASK}.*.success.count)",
    f'summarize(stats.counters.{TASK}.*.success.count,"5min","max")',
    f'consolidateBy(stats.timers.{TASK}.*.runtime.upper,"min")',
    f'movingAverage(stats.timers.{TASK}.*.runtime.mean,"5min")',
    f'timeShift(stats.counters.{TASK}.*.success.count,"10min")',
    f'hitcount(perSecond(integral(stats.counters.{TASK}.*.success.count)),"10min")',
]


def close_store(folder: Path, retentions: str) -> closing[DuckDBStore]:
    now = START + 3600.0
    return closing(DuckDBStore.open(folder, parse_retentions(retentions), lambda: now))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("points", [None, 1, 7, 60, 1000])
@pytest.mark.parametrize("span", [(0, 3600), (600, 1800), (605, 2333)])
def test_the_real_store_answers_as_the_simple_one(
    stores: tuple[DuckDBStore, FakeStore], target: str, points: int | None, span: tuple[int, int]
) -> None:
    real, simple = stores
    asked = Span(START + span[0], START + span[1], points)
    answers, expected = (render(store, (50, 99), [target], asked) for store in (real, simple))
    assert [one.name for one in answers] == [one.name for one in expected]
    for one, other in zip(answers, expected, strict=True):
        assert (one.start, one.step, one.tags) == (other.start, other.step, other.tags)
        np.testing.assert_allclose(one.values, other.values, err_msg=one.name, atol=1e-6)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DuckDBStore, FakeStore]]:
    simple = FakeStore()
    with close_store(tmp_path_factory.mktemp("store"), "10s:2d") as real:
        for flush in FLUSHES:
            real.write(flush)
            simple.write(flush)
        yield real, simple


def test_a_whole_span_is_the_same_after_roll_up(tmp_path: Path) -> None:
    simple = FakeStore()
    with close_store(tmp_path, "10s:10m,1m:30d,10m:2y") as real:
        for flush in FLUSHES:
            real.write(flush)
            simple.write(flush)
        real.maintain(START + 3600.0)
        asked = Span(START, START + 3600, 1)
        for target in (TARGETS[0], TARGETS[1], TARGETS[4], TARGETS[5]):
            answers, expected = (render(store, (99,), [target], asked) for store in (real, simple))
            values = [[one.values[0] for one in side] for side in (answers, expected)]
            np.testing.assert_allclose(values[0], values[1], err_msg=target)


def test_a_window_that_reaches_past_the_finest_tier_has_the_steps_of_the_next(
    tmp_path: Path,
) -> None:
    asked = Span(START + 3600 - 300, START + 3600)
    with close_store(tmp_path, "10s:10m,1m:30d") as real:
        for flush in FLUSHES:
            real.write(flush)
        real.maintain(START + 3600.0)
        (fine,) = render(real, (), ["movingAverage(stats.gauges.busy,3)"], asked)
        (coarse,) = render(real, (), ["movingAverage(stats.gauges.busy,'10min')"], asked)
        (longest,) = render(real, (), ["movingAverage(stats.gauges.busy,60)"], asked)
    assert [(one.start, one.step, one.end) for one in (fine, coarse, longest)] == [
        (asked.start, 10, asked.end),
        (asked.start, 60, asked.end),
        (asked.start, 60, asked.end),
    ]
    np.testing.assert_allclose(coarse.values, 1.5, atol=0.1)
    np.testing.assert_allclose(longest.values, 1.5, atol=0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    folder = tmp_path_factory.mktemp("server")
    with celeryscope_server(folder, ["--flush-interval", "1s", "--retentions", "1s:1h"]) as started:
        started.send(b"app.jobs:3|c\napp.jobs.time:20|ms\napp.jobs.time:40|ms\napp.size:7|g")
        since = time.time() - 60
        wait_until(lambda: started.total("stats.counters.app.jobs.count", since), what="the flush")
        yield started


def post(server: ServerUnderTest, path: str, form: dict[str, str | list[str]]) -> httpx.Response:
    return httpx.post(f"{server.url}{path}", data=form)


def test_grafana_draws_a_panel(server: ServerUnderTest) -> None:
    exprs = ["sumSeries(stats.counters.app.*.count)", "stats.timers.app.jobs.time.upper_90"]
    wrapped = [
        f'aliasSub({expr}, "(^.*$)", "\\1 {ref}")' for expr, ref in zip(exprs, "AB", strict=True)
    ]
    form: dict[str, str | list[str]] = {"target": wrapped, "from": "-1min", "until": "now"}
    answer = post(server, "/render", {**form, "format": "json", "maxDataPoints": "1"})
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"] == "application/json"
    values = {one["target"]: one["datapoints"][0][0] for one in answer.json()}
    assert values == {f"{exprs[0]} A": 3, f"{exprs[1]} B": 40}


def test_grafana_saves_and_tests_the_data_source(server: ServerUnderTest) -> None:
    form: dict[str, str | list[str]] = {"from": "now-1h", "until": "now", "format": "json"}
    answer = post(
        server, "/render", {**form, "target": "constantLine(100)", "maxDataPoints": "300"}
    )
    assert answer.status_code == httpx.codes.OK
    assert {value for value, _ in answer.json()[0]["datapoints"]} == {100}
    assert httpx.get(f"{server.url}/version").text == "1.1.10"
    assert httpx.get(f"{server.url}/functions").json()["aliasSub"]["group"] == "Alias"


def test_grafana_fills_variables_and_the_editor(server: ServerUnderTest) -> None:
    found = post(
        server, "/metrics/find?from=-1h&until=now", {"query": "stats.{timers,gauges}.app.*"}
    )
    assert [(one["text"], one["expandable"]) for one in found.json()] == [("jobs", 1), ("size", 0)]
    expanded = httpx.get(f"{server.url}/metrics/expand", params={"query": "stats.gauges.app.*"})
    assert expanded.json() == {"results": ["stats.gauges.app.size"]}
    index = httpx.get(f"{server.url}/metrics/index.json").json()
    assert "stats.timers.app.jobs.time.upper_99" in index


def test_what_is_wrong_is_one_line_of_plain_text(server: ServerUnderTest) -> None:
    answer = post(server, "/render", {"target": "sumSeries(a.b"})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == ("target 'sumSeries(a.b' is wrong at character 13: expected ',' or ')'\n")
