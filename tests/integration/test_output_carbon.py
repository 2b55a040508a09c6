"""Flushes to real back ends, which give back exactly what was sent, also after an outage."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celeryscope.address import Address
from celeryscope.carbon import codec
from celeryscope.carbon.target import Target
from celeryscope.flush import Flush
from celeryscope.outputs.carbon import CarbonOutput
from celeryscope.outputs.points import Points
from celeryscope.sketch import Distribution
from celeryscope.timers import TimerStatistics
from support.carbon import CarbonCache, carbon_cache
from support.graphite_web import GraphiteWeb, graphite_web
from support.processes import wait_until
from support.recording_carbon import recording_carbon
from support.victoria import victoria_metrics

STATISTICS = TimerStatistics((50.0, 99.9, -10.0), (("runtime", (10.0, 0.5e3, float("inf"))),))
TASK = "celery.task.shop.orders-tasks.charge"
OUTAGE = 60


def lifelike(start: int) -> Flush:
    """Return a second such as a few tasks make, and such numbers as may be."""
    runtimes = np.random.default_rng(start).lognormal(5, 2, 50)
    return Flush(
        start=start,
        seconds=1.0,
        counters={f"{TASK}.prerun": start % 100, "third": 1 / 3, "big": 2.0**60, "refund": -2.5},
        gauges={"celery.worker.w1.busy": 2.0, "small": 1.5e-9, "below": -0.1, "huge": 1e30},
        sets={"users": 12.0},
        timers={f"{TASK}.runtime": Distribution.of(runtimes, 1000.0)},
    )


def points_of(flush: Flush) -> codec.Snapshot:
    return Points(statistics=STATISTICS).of(flush)


def minutes_ago() -> int:
    """Return a second that is past, as are the next sixty."""
    return int(time.time()) - 3 * OUTAGE


@contextlib.contextmanager
def output(*targets: Target) -> Iterator[CarbonOutput]:
    """Send to some targets; what was put has been delivered in the end."""
    sending = CarbonOutput(targets, Points(statistics=STATISTICS), 50_000_000)
    sending.start()
    try:
        yield sending
    finally:
        sending.stop()


def target(port: int, *, pickled: bool = False) -> Target:
    return Target(Address("127.0.0.1", port), pickled)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> CarbonCache:
    return carbon_cache(tmp_path_factory.mktemp("graphite"))


@pytest.fixture(scope="module")
def graphite(cache: CarbonCache) -> Iterator[GraphiteWeb]:
    with graphite_web(cache) as web:
        yield web


def has(graphite: GraphiteWeb, *flushes: Flush) -> bool:
    """Tell whether Graphite has exactly what some adjacent seconds held."""
    sent = {int(flush.start): dict(points_of(flush)) for flush in flushes}
    paths = sent[min(sent)]
    return graphite.seconds(*paths, start=min(sent), end=max(sent) + 1) == sent


@pytest.mark.parametrize("pickled", [False, True])
def test_graphite_gives_back_exactly_what_was_sent(
    cache: CarbonCache, graphite: GraphiteWeb, *, pickled: bool
) -> None:
    flush = lifelike(minutes_ago() + 5 * pickled)
    port = cache.pickle_port if pickled else cache.line_port
    with cache.running(), output(target(port, pickled=pickled)) as sending:
        sending.put(flush)
        wait_until(lambda: has(graphite, flush), what="a flush in Graphite")


def test_victoria_metrics_gives_back_what_was_sent(tmp_path: Path) -> None:
    flush = lifelike(minutes_ago())
    flush = replace(flush, counters={**flush.counters, "tagged;app=shop;host=h1": 3})
    expected = {path: [(int(flush.start), value)] for path, value in points_of(flush)}
    with victoria_metrics(tmp_path) as victoria:
        with output(target(victoria.graphite_port)) as sending:
            sending.put(flush)
        wait_until(lambda: len(victoria.export('{__name__!=""}')) >= len(expected))
        found = victoria.export('{__name__!=""}')
    assert found.keys() == expected.keys()
    for path, points in found.items():
        # It keeps some twelve digits of a number.
        assert points == [pytest.approx(point, rel=1e-11) for point in expected[path]], path


def test_graphite_misses_nothing_of_a_minute_in_which_it_was_away(
    cache: CarbonCache, graphite: GraphiteWeb
) -> None:
    first = minutes_ago()
    flushes = [lifelike(first + second) for second in range(OUTAGE + 10)]
    with output(target(cache.line_port), target(cache.pickle_port, pickled=True)) as sending:
        with cache.running():
            for flush in flushes[:5]:
                sending.put(flush)
            wait_until(lambda: has(graphite, *flushes[:5]), what="five flushes in Graphite")
        for flush in flushes[5:-5]:
            sending.put(flush)
        wait_until(lambda: set(sending.gauges().values()) == {float(OUTAGE)})
        with cache.running():
            for flush in flushes[-5:]:
                sending.put(flush)
            wait_until(lambda: set(sending.gauges().values()) == {0.0})
            wait_until(lambda: has(graphite, *flushes), what="all flushes in Graphite")
    counters = sending.counters()
    points = len(points_of(flushes[0]))
    assert {counters[name] for name in counters if name.endswith(".dropped")} == {0}
    assert {counters[name] for name in counters if name.endswith(".sent")} == {
        points * len(flushes)
    }


def test_nothing_comes_twice_or_out_of_order_after_an_outage() -> None:
    first = minutes_ago()
    flushes = [lifelike(first + second) for second in range(OUTAGE + 6)]
    lines = b"".join(codec.lines(points_of(flush), int(flush.start)) for flush in flushes)
    points = len(points_of(flushes[0]))
    with recording_carbon() as before, output(target(before.port)) as sending:
        for flush in flushes[:3]:
            sending.put(flush)
        before.wait_for_points(3 * points)
        before.close()
        for flush in flushes[3:-3]:
            sending.put(flush)
        wait_until(lambda: set(sending.gauges().values()) == {float(OUTAGE)})
        with recording_carbon(before.port) as after:
            for flush in flushes[-3:]:
                sending.put(flush)
            after.wait_for_points((OUTAGE + 3) * points)
            assert before.lines() + after.lines() == lines.decode().splitlines()
