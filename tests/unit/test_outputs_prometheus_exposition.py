import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.outputs.prometheus.exposition import Prometheus
from celeryscope.outputs.prometheus.routes import routes
from celeryscope.sketch import Distribution
from support.prometheus import OPENMETRICS, samples

TASK = "celery.task.proj.tasks.charge"
ROLES = ("total", "created", "bucket", "sum", "count", "info", "a")
ODD_NAMES = (
    st.text(min_size=1, max_size=12)
    | st.text('aA1._-;=\\" {}#\n', min_size=1, max_size=12)
    | st.lists(st.sampled_from(ROLES), min_size=1, max_size=3).map(".".join)
)
NUMBERS = st.floats(0, 1e100)


def flush(
    counters: dict[str, float] | None = None,
    gauges: dict[str, float] | None = None,
    sets: dict[str, float] | None = None,
    timers: dict[str, float] | None = None,
) -> Flush:
    """Return an interval; each timer has one sample."""
    distributions = {name: Distribution.of([value]) for name, value in (timers or {}).items()}
    return Flush(0.0, 10.0, counters or {}, gauges or {}, sets or {}, distributions)


def put(*flushes: Flush, max_series: int = 1000) -> Prometheus:
    output = Prometheus(buckets=[0.5, 1], max_series=max_series)
    for one in flushes:
        output.put(one)
    return output


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_a_histogram_has_buckets_sum_and_count(accept: str) -> None:
    body, content_type = put(flush(timers={f"{TASK}.runtime": 700.0})).answer(accept)
    label = ("task", "proj.tasks.charge")
    runtime = "celery_task_runtime_seconds"
    assert samples(body, content_type) == {
        (f"{runtime}_bucket", frozenset({label, ("le", "0.5")})): 0,
        (f"{runtime}_bucket", frozenset({label, ("le", "1.0")})): 1,
        (f"{runtime}_bucket", frozenset({label, ("le", "+Inf")})): 1,
        (f"{runtime}_sum", frozenset({label})): 0.7,
        (f"{runtime}_count", frozenset({label})): 1,
    }


def test_help_is_the_catalogues() -> None:
    body, _ = put(flush(counters={f"{TASK}.failure": 1})).answer("")
    help_ = "# HELP celery_task_failed_total Runs that failed for good: no retry follows.\n"
    assert help_ in body.decode()


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        ("text/plain; version=abc", "text/plain; version=0.0.4"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0"),
    ],
)
def test_the_format_is_the_one_asked_for(accept: str, content_type: str) -> None:
    assert put().answer(accept)[1].startswith(content_type)


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
@given(
    counters=st.dictionaries(ODD_NAMES, NUMBERS),
    gauges=st.dictionaries(ODD_NAMES, st.floats(-1e100, 1e100)),
    sets=st.dictionaries(ODD_NAMES, NUMBERS),
    timers=st.dictionaries(ODD_NAMES, NUMBERS),
)
def test_no_names_make_an_exposition_that_cannot_be_read(
    accept: str,
    counters: dict[str, float],
    gauges: dict[str, float],
    sets: dict[str, float],
    timers: dict[str, float],
) -> None:
    body, content_type = put(flush(counters, gauges, sets, timers)).answer(accept)
    found = samples(body, content_type)
    assert len(found) <= len(counters) + len(gauges) + len(sets) + len(timers) * 5
    assert sum(name.endswith("_count") for name, _ in found) == len(timers)


def test_what_is_taken_and_refused_is_counted_once() -> None:
    output = put(flush({"a": 1, "b": 1}, {"g": 1}), flush({"a": 1, "c": 1}), max_series=3)
    assert output.counters() == {"outputs.prometheus.sent": 4, "outputs.prometheus.dropped": 1}
    assert output.counters() == {"outputs.prometheus.sent": 0, "outputs.prometheus.dropped": 0}
    assert output.gauges() == {}


def test_totals_outlive_the_outputs_stop() -> None:
    output = put()
    output.start()
    output.put(flush({"a": 1}))
    output.stop()
    assert b"statsd_counters_a_total 1.0\n" in output.answer("")[0]


def test_scrapes_while_flushes_come_see_whole_ones() -> None:
    output = put()
    whole = flush({f"c{n}": 1 for n in range(50)}, timers={f"t{n}": 1 for n in range(50)})
    with ThreadPoolExecutor(4) as pool:
        puts = [pool.submit(output.put, whole) for _ in range(50)]
        scrapes = [pool.submit(output.answer, "") for _ in range(20)]
    assert all(one.exception() is None for one in puts)
    for scrape in scrapes:
        found = samples(scrape.result()[0])
        totals = {value for (name, _), value in found.items() if name.endswith("_total")}
        counts = {value for (name, _), value in found.items() if name.endswith("_count")}
        assert totals == counts
        assert len(totals) <= 1


def get(output: Prometheus, headers: dict[str, str]) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=Starlette(routes=routes(output)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/metrics", headers=headers)

    return asyncio.run(send())


@pytest.mark.parametrize(("encoding", "answered"), [("gzip", "gzip"), ("identity", None)])
def test_the_route_compresses_for_those_who_ask_for_it(encoding: str, answered: str | None) -> None:
    answer = get(put(flush({"a": 1})), {"accept-encoding": encoding})
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers.get("content-encoding") == answered
    assert "statsd_counters_a_total 1.0\n" in answer.text


def test_the_route_answers_in_the_format_asked_for() -> None:
    answer = get(put(flush({"a": 1})), {"accept": OPENMETRICS})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
