"""The three sources that dashboards may ask, filled by the same datagrams.

Ours and node statsd flush with each second of the clock, and a burst goes to both early in it. A
point has the start of its interval in ours, and its end in graphite-web.
"""

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import httpx

from celeryscope.statsd.losses import REPORT_SECONDS
from support.carbon import carbon_cache
from support.dashboard_run import Sent, bursts, keys, record
from support.grafana import Span
from support.grafana_sources import Graphite, Prometheus
from support.graphite_web import graphite_web
from support.node_statsd import GRAPHITE, NodeStatsd, node_statsd
from support.processes import wait_until
from support.prometheus import PrometheusUnderTest, prometheus
from support.server import ServerUnderTest, celeryscope_server

SECONDS = 5
_LATE = 0.2
"""When a second's burst is sent: both have flushed then, and have time to take it."""
MOST_TRIES = 5
"""Of which one that the machine was too slow for has a burst in two intervals, or lost some."""

PERCENTILES = (*range(10, 100, 10), 95, 99)
_STATISTICS = ("count", "lower", "upper", "mean", "sum", "mean_90")
_RECEIVED = "stats.counters.{celeryscope,statsd}.{packets,packets_received}.count"

Pair = tuple[Graphite, Graphite]
"""Ours and graphite-web."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Both Graphites over the seconds of the bursts, and Prometheus from before till after."""

    ours: Graphite
    graphite_web: Graphite
    prometheus: Prometheus


@dataclass(frozen=True, slots=True)
class _Stage:
    since: float
    ours: ServerUnderTest
    node: NodeStatsd
    prometheus: PrometheusUnderTest
    clients: tuple[httpx.Client, httpx.Client, httpx.Client]

    def hear(self, parts: Sequence[Sequence[Sent]]) -> int:
        """Send each burst in a second of its own, all as their senders did; return the first."""
        with ExitStack() as stack:
            sockets = {
                sender: stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                for sender, _ in chain.from_iterable(parts)
            }
            wait_until(lambda: time.time() % 1 < _LATE, what="a new second")
            first = int(time.time())
            for second, part in enumerate(parts, first):
                wait_until(partial(_is_past, second + _LATE), what="the next second")
                for sender, datagram in part:
                    for port in (self.node.port, self.ours.statsd_port):
                        sockets[sender].sendto(datagram, ("127.0.0.1", port))
        return first

    def graphites(self, first: int) -> Pair:
        ours, web, _ = self.clients
        span = Span(first, first + SECONDS)
        return Graphite(ours, span), Graphite(web, span)

    def scraped(self, first: int) -> Prometheus:
        """Return Prometheus with a range from before the first burst till after the last."""
        self.prometheus.wait_for_scrape()
        return Prometheus(self.clients[2], Span(first - SECONDS, int(time.time()) + 1, scrape=1))


@contextlib.contextmanager
def three_sources(folder: Path) -> Iterator[Sources]:
    """Run all three until the end, and fill them with one Celery run."""
    with ExitStack() as stack:
        stage = _staged(stack, folder)
        stage.ours.send(b"no StatsD")
        heard = record(folder)
        parts = bursts(heard, SECONDS)
        # Before that it takes no report of what was sent as one that can be compared.
        wait_until(partial(_is_past, stage.since + REPORT_SECONDS), what="whole reports")
        first = _heard_alike(stage, parts)
        pair = stage.graphites(first)
        _wait_until_stored(pair, keys(heard))
        yield Sources(*pair, stage.scraped(first))


def _heard_alike(stage: _Stage, parts: Sequence[Sequence[Sent]]) -> int:
    """Send all bursts until both had each in one second; return the first second."""
    for _ in range(MOST_TRIES):
        first = stage.hear(parts)
        pair = stage.graphites(first)
        wait_until(partial(_are_complete, pair, _RECEIVED), what="the last second")
        if _came_in_bursts(pair, parts):
            return first
    raise AssertionError(f"none of {MOST_TRIES} tries kept each burst in one second")


def _staged(stack: ExitStack, folder: Path) -> _Stage:
    percentiles = ",".join(map(str, PERCENTILES))
    flags = ["--flush-interval", "1s", "--retentions", "1s:1h", "--percentiles", percentiles]
    ours = stack.enter_context(celeryscope_server(folder, flags))
    since = time.time()
    cache = carbon_cache(folder / "graphite")
    stack.enter_context(cache.running())
    config = {
        "flushInterval": 1000,
        "percentThreshold": PERCENTILES,
        "graphiteHost": "127.0.0.1",
        "graphitePort": cache.line_port,
        "graphite": {"legacyNamespace": False},
        "backends": [GRAPHITE],
    }
    node = stack.enter_context(node_statsd(folder, config))
    web = stack.enter_context(graphite_web(cache))
    scraping = stack.enter_context(prometheus(folder, f"127.0.0.1:{ours.http_port}"))
    urls = (ours.url, web.url, scraping.url)
    one, two, three = (stack.enter_context(httpx.Client(base_url=url, timeout=60)) for url in urls)
    return _Stage(since, ours, node, scraping, (one, two, three))


def _wait_until_stored(pair: Pair, found: Mapping[str, set[str]]) -> None:
    """Wait until both have all series, each with a value in the last second."""
    statistics = ",".join((*_STATISTICS, *(f"upper_{percent}" for percent in PERCENTILES)))
    ends = {"counters": ".{count,rate}", "timers": f".{{{statistics}}}", "gauges": ""}
    paths = [
        f"stats.{kind}.{key}{end}" for kind, end in ends.items() for key in sorted(found[kind])
    ]
    whole = f"group({','.join(paths)})"
    wait_until(lambda: _are_complete(pair, whole), within=60, what="all series")


def _are_complete(pair: Pair, target: str) -> bool:
    """Tell whether both have as many series, each with a value in the last second."""
    ours, theirs = (one.target(target) for one in pair)
    known = all(values[-1] is not None for values in (*ours.values(), *theirs.values()))
    return known and 0 < len(ours) == len(theirs)


def _came_in_bursts(pair: Pair, parts: Sequence[Sequence[Sent]]) -> bool:
    sent = [len(part) for part in parts]
    return all(list(one.target(_RECEIVED).values()) == [sent] for one in pair)


def _is_past(second: float) -> bool:
    return time.time() > second
