"""What a real Prometheus reads from a server that real datagrams were sent to."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.outputs.prometheus.exposition import Prometheus
from celeryscope.outputs.prometheus.histogram import BUCKETS
from celeryscope.sketch import Distribution, Distributions
from support.docs import read
from support.processes import wait_until
from support.prometheus import (
    OPENMETRICS,
    PrometheusUnderTest,
    exposition,
    prometheus,
    promtool_complaints,
    samples,
    total,
)
from support.server import ServerUnderTest, celeryscope_server

TASK = "celery.task.proj.billing-tasks.charge"
LABEL = 'task="proj.billing.tasks.charge"'
OURS = "celery_task_"
RUNS = 2000
A_DATAGRAM = 20
RNG = np.random.default_rng(4)
TIMES_MS = [round(float(ms), 3) for ms in RNG.lognormal(5.0, 1.5, RUNS)]
ODD = (
    b"shop.orders:3|c",
    b"my-shop/orders:3|c",
    b"my_shop_orders:4|c",
    b"shop.orders;country=ch;le=1:5|c",
    b"shop.page:12|ms",
    b"shop.load:0.5|g",
    b"shop.users:a|s\nshop.users:b|s",
    b"constructor:1|c",
    b"no line",
)


def runs() -> Iterator[bytes]:
    """Yield datagrams of runs, of which every tenth fails."""
    for at in range(0, RUNS, A_DATAGRAM):
        lines = []
        for number, ms in enumerate(TIMES_MS[at : at + A_DATAGRAM], at):
            outcome = ("success",) if number % 10 else ("failure", "exception.ValueError")
            lines += [f"{TASK}.{leaf}:1|c" for leaf in ("prerun", *outcome)]
            lines.append(f"{TASK}.runtime:{ms}|ms")
        yield "\n".join(lines).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """Yield a server that has flushed all runs and odd lines."""
    flags = ["--prometheus", "--flush-interval", "500ms", "--admin", "off"]
    with celeryscope_server(tmp_path_factory.mktemp("server"), flags) as started:
        started.send(*runs(), *ODD)
        wait_until(lambda: total(started.url, "celery_task_started_total") == RUNS, what="all runs")
        wait_until(
            lambda: total(started.url, "statsd_sets_shop_users") is None, what="a flush more"
        )
        yield started


@pytest.fixture(scope="module")
def scraper(
    server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrometheusUnderTest]:
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(folder, f"127.0.0.1:{server.http_port}") as started:
        started.wait_for_scrape()
        yield started


def test_counters_are_what_was_sent(scraper: PrometheusUnderTest) -> None:
    found = {
        word: scraper.value(f"celery_task_{word}_total{{{LABEL}}}")
        for word in ("started", "succeeded", "failed", "retried")
    }
    assert found == {
        "started": RUNS,
        "succeeded": RUNS * 0.9,
        "failed": RUNS * 0.1,
        "retried": 0,
    }


def test_a_histograms_count_and_sum_are_exact(scraper: PrometheusUnderTest) -> None:
    runtime = "celery_task_runtime_seconds"
    assert scraper.value(f"{runtime}_count") == RUNS
    assert scraper.value(f"{runtime}_sum") == pytest.approx(sum(TIMES_MS) / 1000, rel=1e-12)


@pytest.mark.parametrize("percent", [50, 90, 95, 99])
def test_a_quantile_is_in_the_bucket_of_our_percentile(
    scraper: PrometheusUnderTest, percent: int
) -> None:
    theirs = scraper.value(
        f"histogram_quantile({percent / 100}, celery_task_runtime_seconds_bucket)"
    )
    ours = Distributions.of([Distribution.of(TIMES_MS)]).percentile(percent)[0] / 1000
    exact = np.percentile(TIMES_MS, percent, method="inverted_cdf") / 1000
    assert theirs is not None
    buckets = np.searchsorted(BUCKETS, [theirs, ours, exact])
    assert len(set(buckets.tolist())) == 1, (theirs, ours, exact)


def test_the_documented_query_sees_a_new_series_first_counts(scraper: PrometheusUnderTest) -> None:
    m = "celery_task_exceptions_total"
    query = f"({m} unless {m} offset 5m) or increase({m}[5m])"
    assert query.replace(m, "m") in read("docs/outputs.md")
    assert list(scraper.query(query).values()) == [RUNS * 0.1]


def test_series_that_are_no_tasks_keep_apart(scraper: PrometheusUnderTest) -> None:
    assert scraper.query('{__name__=~"statsd_counters_(my_)?shop_orders_total"}') == {
        frozenset({("__name__", "statsd_counters_shop_orders_total")}): 3,
        frozenset(
            {
                ("__name__", "statsd_counters_shop_orders_total"),
                ("country", "ch"),
                ("tag_le", "1"),
                ("name", "shop.orders;country=ch;le=1"),
            }
        ): 5,
        frozenset(
            {("__name__", "statsd_counters_my_shop_orders_total"), ("name", "my-shop-orders")}
        ): 3,
        frozenset(
            {("__name__", "statsd_counters_my_shop_orders_total"), ("name", "my_shop_orders")}
        ): 4,
    }


def test_bad_lines_are_told_by_reason(scraper: PrometheusUnderTest) -> None:
    assert scraper.value('celeryscope_bad_lines_total{reason="format"}') == 1


def test_promtool_has_nothing_to_say(server: ServerUnderTest) -> None:
    assert promtool_complaints(exposition(server.url)[0]) == ""


@settings(max_examples=20)
@given(
    st.sets(st.text('aB1._-;=" {}#\\\n\0\u2028é', min_size=1) | st.text(min_size=1), min_size=20)
)
def test_no_names_make_an_exposition_that_promtool_cannot_parse(names: set[str]) -> None:
    ones = dict.fromkeys(names, 1.0)
    output = Prometheus()
    output.put(Flush(0.0, 10.0, ones, ones, ones, dict.fromkeys(names, Distribution.of([1.0]))))
    assert "parsing error" not in promtool_complaints(output.answer("")[0])


def test_both_formats_have_the_same_totals(server: ServerUnderTest) -> None:
    plain, openmetrics = (
        {
            key: value
            for key, value in samples(*exposition(server.url, accept)).items()
            if OURS in key[0]
        }
        for accept in ("", OPENMETRICS)
    )
    assert plain == openmetrics != {}
