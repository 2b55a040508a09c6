"""The same traffic through this server, and through node statsd, carbon, Whisper and graphite-web.

Both flush with each second of the clock, and a burst goes to both in its first half. A point has
the start of its interval here, and its end there: so all of theirs is a second later.
"""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import isnan, nan
from random import Random

import pytest

from support.carbon import carbon_cache
from support.graphite_web import GraphiteWeb, graphite_web
from support.node_statsd import GRAPHITE, NodeStatsd, node_statsd
from support.processes import wait_until
from support.server import Point, ServerUnderTest, celeryscope_server

SECONDS = 8
MOST_RUNS = 5
"""Of which one that the machine was too slow for has a burst in two intervals."""

COUNTS = "stats.counters.RUN.*.*.success.count"
RARE = "stats.counters.RUN.*.*.failure.count"
RATES = "stats.counters.RUN.*.*.success.rate"
TIMES = "stats.timers.RUN.*.*.runtime"
BUSY = "stats.gauges.RUN.worker*.busy"

EXACT, SKETCH = 1e-9, 0.01
TARGETS = {
    # what is stored
    COUNTS: EXACT,
    RATES: EXACT,
    RARE: EXACT,
    "stats.counters.RUN.shop.{charge,refund}.{success,failure}.{count,rate}": EXACT,
    "stats.counters.RUN.[st]*.?h?rg?.*.count": EXACT,
    BUSY: EXACT,
    "stats.sets.RUN.*.count": EXACT,
    f"{TIMES}.{{count,count_ps,lower,upper}}": EXACT,
    f"{TIMES}.{{mean,std,sum,sum_squares}}": EXACT,
    f"{TIMES}.count_{{50,90,99}}": EXACT,
    f"{TIMES}.{{median,upper_50,upper_90,upper_99}}": SKETCH,
    f"{TIMES}.{{mean_50,mean_90,mean_99,sum_90}}": SKETCH,
    # many into one, or some
    f"sumSeries({COUNTS})": EXACT,
    f"averageSeries({TIMES}.mean)": EXACT,
    f"maxSeries({TIMES}.upper)": EXACT,
    f"minSeries({TIMES}.lower)": EXACT,
    f"maxSeries({TIMES}.upper_90)": SKETCH,
    f"diffSeries(sumSeries({COUNTS}),sumSeries({RARE}))": EXACT,
    f"divideSeries(sumSeries({RARE}),sumSeries({COUNTS}))": EXACT,
    f"asPercent({COUNTS})": EXACT,
    f"asPercent({RARE},sumSeries({COUNTS}))": EXACT,
    f"groupByNode({COUNTS},3,'sum')": EXACT,
    f"groupByNodes({TIMES}.upper_90,'max',3,5)": SKETCH,
    f"sumSeriesWithWildcards({COUNTS},4)": EXACT,
    f"weightedAverage({TIMES}.mean,{TIMES}.count,3,4)": EXACT,
    f"percentileOfSeries({COUNTS},50)": EXACT,
    # named, sorted, chosen
    f"aliasByNode({COUNTS},3,4)": EXACT,
    f"aliasSub({TIMES}.median,'^.*RUN[.](.*)[.]runtime.*$','\\1')": SKETCH,
    f"sortByName({COUNTS})": EXACT,
    f"sortByMaxima({COUNTS})": EXACT,
    f"highestMax({TIMES}.upper,2)": EXACT,
    f"highestAverage({COUNTS},2)": EXACT,
    f"limit(sortByTotal({COUNTS}),3)": EXACT,
    f"averageAbove({TIMES}.mean,1)": EXACT,
    f"exclude({COUNTS},'mail')": EXACT,
    # along time
    f"movingAverage({COUNTS},3)": EXACT,
    f"movingMedian({TIMES}.upper,3)": EXACT,
    f"summarize({COUNTS},'4s','sum',true)": EXACT,
    f"summarize({TIMES}.upper_99,'2s','max',true)": SKETCH,
    f"integral({COUNTS})": EXACT,
    f"nonNegativeDerivative(integral({COUNTS}))": EXACT,
    f"perSecond(integral({RARE}))": EXACT,
    f"scaleToSeconds({COUNTS},60)": EXACT,
    f"offset(scale({TIMES}.mean,0.001),1)": EXACT,
    f"transformNull({TIMES}.mean,-1)": EXACT,
    f"keepLastValue({TIMES}.mean)": EXACT,
    f"nPercentile({COUNTS},75)": EXACT,
    f"timeShift({COUNTS},'2s')": EXACT,
    f"alias(absolute(diffSeries({BUSY})),'idle')": EXACT,
    f"stdev({COUNTS},3)": EXACT,
}

EVERYTHING = ("stats.*.RUN.*.*", "stats.*.RUN.*.*.*.*")

Values = dict[str, dict[int, float]]
"""Each series' values by second."""


@dataclass(frozen=True)
class BothStacks:
    """Where each takes StatsD and answers, and the run in which both heard the same."""

    ours: ServerUnderTest
    node: NodeStatsd
    graphite: GraphiteWeb

    def hear(self, run: str) -> int:
        """Send a burst in each of some seconds; return the first of them."""
        wait_until(lambda: time.time() % 1 < 0.1, what="a new second")
        first = int(time.time())
        for second in range(SECONDS):
            begun = first + second + 0.1
            wait_until(partial(is_past, begun), what="the next second")
            self._send(burst(run, second))
        return first

    def _send(self, datagrams: list[bytes]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for datagram in datagrams:
                for port in (self.node.port, self.ours.statsd_port):
                    client.sendto(datagram, ("127.0.0.1", port))

    def answers(self, target: str, first: int) -> tuple[Values, Values]:
        """Return what ours and what graphite-web says of a run."""
        ends: dict[str, str | int] = {"from": first, "until": first + SECONDS}
        ours, theirs = self.ours.render(target, **ends), self.graphite.render(target, **ends)
        return values(ours, 0), values(theirs, 1)

    def _is_complete(self, target: str, first: int) -> bool:
        return all(map(complete, self.answers(target, first)))

    def have_heard(self, run: str, first: int) -> bool:
        """Tell, once all is stored, whether both had each burst in an interval of its own.

        All of these must have lasted for a second: ours has rates by the true length.
        """
        for depth in EVERYTHING:
            asked = depth.replace("RUN", run)
            wait_until(partial(self._is_complete, asked, first), what=asked)
        marks = f"stats.counters.{run}.{{begun,ended}}.{{count,rate}}"
        return all(
            set(marked.values()) == {1.0}
            for side in self.answers(marks, first)
            for marked in side.values()
        )


def values(found: Mapping[str, list[Point]], later: int) -> Values:
    """Return each series' values by second, of points whose times are so much `later`."""
    return {
        name: {second - later: nan if value is None else value for value, second in points}
        for name, points in found.items()
    }


def complete(found: Values) -> bool:
    """Tell whether all have a value in the last second, as each has after a burst."""
    return bool(found) and not any(isnan(known[max(known)]) for known in found.values())


def is_past(second: float) -> bool:
    return time.time() > second


def burst(run: str, second: int) -> list[bytes]:
    """Return a second's datagrams; all series are in the first and the last."""
    random = Random(second)
    lines = [f"{run}.worker{i}.busy:{random.randint(0, 8)}|g" for i in range(3)]
    lines += [f"{run}.users:{random.randint(0, 20)}|s" for _ in range(15)]
    for task in ("shop.charge", "shop.refund", "mail.send", "mail.bounce", "stock.charge"):
        idle = 0 < second < SECONDS - 1 and second % 3 == len(task) % 3
        for _ in range(0 if idle else random.randint(1, 30)):
            lines.append(f"{run}.{task}.runtime:{random.lognormvariate(4, 1.5):.3f}|ms")
            lines.append(f"{run}.{task}.success:{random.randint(1, 3)}|c|@0.5")
        lines += [f"{run}.{task}.failure:1|c"] * (random.randint(0, 3) if second else 1)
    parts = ["\n".join(lines[at : at + 20]).encode() for at in range(0, len(lines), 20)]
    return [f"{run}.begun:1|c".encode(), *parts, f"{run}.ended:1|c".encode()]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothStacks]:
    folder = tmp_path_factory.mktemp("stacks")
    flags = ["--flush-interval", "1s", "--retentions", "1s:1h", "--percentiles", "50,90,99"]
    with ExitStack() as stack:
        cache = carbon_cache(folder / "graphite")
        stack.enter_context(cache.running())
        config = {
            "flushInterval": 1000,
            "percentThreshold": [50, 90, 99],
            "graphiteHost": "127.0.0.1",
            "graphitePort": cache.line_port,
            "graphite": {"legacyNamespace": False},
            "backends": [GRAPHITE],
        }
        node = stack.enter_context(node_statsd(folder, config))
        graphite = stack.enter_context(graphite_web(cache))
        yield BothStacks(stack.enter_context(celeryscope_server(folder, flags)), node, graphite)


@pytest.fixture(scope="module")
def run(stacks: BothStacks) -> tuple[str, int]:
    """Return a run that both heard alike: its name, and its first second."""
    for number in range(MOST_RUNS):
        name = f"run{number}"
        first = stacks.hear(name)
        if stacks.have_heard(name, first):
            return name, first
    raise AssertionError(f"none of {MOST_RUNS} runs fell into the same seconds on both sides")


@pytest.mark.parametrize(("target", "tolerance"), TARGETS.items())
def test_dashboards_show_the_same(
    stacks: BothStacks, run: tuple[str, int], target: str, tolerance: float
) -> None:
    name, first = run
    ours, theirs = stacks.answers(target.replace("RUN", name), first)
    assert list(ours) == list(theirs)
    for series, expected in theirs.items():
        assert ours[series] == pytest.approx(expected, rel=tolerance, abs=1e-9, nan_ok=True), series
