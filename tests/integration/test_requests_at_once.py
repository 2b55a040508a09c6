"""Heavy requests beside each other, while StatsD's lines go on coming in."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle

import httpx
import pytest

from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

TURNS = 2
HEAVY = 4
# Half in Python, which keeps the interpreter to itself, and half in NumPy, which does not.
TARGET = (
    "group(holtWintersForecast(sinFunction('a',1,1),'2d','1d'),"
    "movingWindow(sinFunction('b',1,1),600,'stddev'))"
)
FORECASTS = ",".join(["holtWintersForecast(sinFunction('c',1,1))"] * 100)  # some minutes
LONG = f"group({FORECASTS})"
DATAGRAM = b"\n".join([b"at.once:1|c"] * 10)
LIGHT: tuple[tuple[str, dict[str, str]], ...] = (
    ("/metrics/find", {"query": "stats.counters.at.*"}),
    ("/version", {}),
    ("/functions/absolute", {}),
    ("/api/server", {}),
    ("/", {}),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    flags = ["--flush-interval=2s", "--retentions=2s:1d", f"--max-queries={TURNS}"]
    flags += ["--max-query-time=10m", "--max-query-values=999999999"]
    with celeryscope_server(tmp_path_factory.mktemp("at-once"), flags) as server:
        yield server


def rendered(server: ServerUnderTest, target: str) -> httpx.Response:
    query = {"target": target, "from": "-1d", "maxDataPoints": "100"}
    return httpx.get(f"{server.url}/render", params=query, timeout=300)


def test_every_line_is_counted_and_light_requests_are_answered_beside_heavy_ones(
    server: ServerUnderTest,
) -> None:
    since, sent, answered_meanwhile = time.time(), 0, 0
    lights = cycle(LIGHT)
    with (
        ThreadPoolExecutor(HEAVY) as pool,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd,
        httpx.Client(base_url=server.url, timeout=300) as http,
    ):
        heavy: list[Future[httpx.Response]] = [
            pool.submit(rendered, server, TARGET) for _ in range(HEAVY)
        ]
        while not all(one.done() for one in heavy) or answered_meanwhile < len(LIGHT):
            for _ in range(50):
                statsd.sendto(DATAGRAM, ("127.0.0.1", server.statsd_port))
            sent += 500
            path, query = next(lights)
            assert http.get(path, params=query).status_code == httpx.codes.OK
            answered_meanwhile += not all(one.done() for one in heavy)
    assert [len(one.result().json()) for one in heavy] == [2] * HEAVY
    assert answered_meanwhile >= len(LIGHT)
    until = max(time.time(), since + 4)  # several flushes, however fast it went
    wait_until(
        lambda: server.total("stats.counters.at.once.count", since - 1) == sent,
        what=f"all {sent} lines",
    )
    for lost in ("dropped.*", "flush.dropped"):
        assert server.total(f"stats.counters.celeryscope.{lost}.count", since - 1) == 0
    assert_no_flush_is_missing(server, since, until)


def assert_no_flush_is_missing(server: ServerUnderTest, since: float, until: float) -> None:
    def flushed() -> list[float | None]:
        span: dict[str, str | int] = {"from": int(since) + 2, "until": int(until)}
        (points,) = server.render("stats.gauges.celeryscope.flush.lag", **span).values()
        return [value for value, _ in points]

    wait_until(lambda: flushed()[-1] is not None, what="the last flush")
    assert None not in flushed()


def test_requests_whose_clients_go_make_room_for_the_next(server: ServerUnderTest) -> None:
    query = httpx.QueryParams({"target": LONG, "from": "-1d"})
    with ExitStack() as clients:
        for _ in range(TURNS):
            client = socket.create_connection(("127.0.0.1", server.http_port))
            clients.enter_context(client)
            client.sendall(f"GET /render?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        wait_until(lambda: not is_answered(server), what="no turn is free")
    wait_until(lambda: is_answered(server), what="a free turn")


def is_answered(server: ServerUnderTest) -> bool:
    try:
        query = {"target": "constantLine(1)"}
        return httpx.get(f"{server.url}/render", params=query, timeout=1).is_success
    except httpx.ReadTimeout:
        return False
