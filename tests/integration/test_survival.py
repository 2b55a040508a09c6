"""What was acknowledged survives: garbage, and `kill -9` in the middle of flushes."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread

import httpx

from support.processes import free_port, wait_until
from support.server import ServerUnderTest, celeryscope_server

KILLS = 20
EVERY_SECOND = ["--flush-interval", "1s", "--retentions", "1s:1h,5s:1d"]


@contextmanager
def acknowledged(server: ServerUnderTest) -> Iterator[list[int]]:
    """Collect the first seconds of the flushes that the server says are stored."""
    flushes: list[int] = []

    def listen() -> None:
        try:
            with httpx.stream("GET", f"{server.url}/api/live", timeout=30) as stream:
                events = (line for line in stream.iter_lines() if line.startswith("data: "))
                flushes.extend(int(json.loads(event[len("data: ") :])["flush"]) for event in events)
        except httpx.HTTPError:
            return

    thread = Thread(target=listen, daemon=True)
    thread.start()
    yield flushes
    server.running.kill()
    thread.join(10)


@contextmanager
def traffic(server: ServerUnderTest) -> Iterator[None]:
    """Send one counted line every few milliseconds."""
    stop = Event()

    def send() -> None:
        while not stop.wait(0.005):
            server.send(b"kept.count:1|c\nkept.time:12|ms")

    thread = Thread(target=send, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_every_acknowledged_flush_survives_twenty_kills(tmp_path: Path) -> None:
    random = Random(9)
    statsd_port, told, busy, since = free_port(), set[int](), set[int](), int(time.time())
    for _ in range(KILLS):
        with (
            celeryscope_server(tmp_path, EVERY_SECOND, statsd_port) as server,
            traffic(server),
            acknowledged(server) as flushes,
        ):
            wait_for_flush(flushes)
            Event().wait(random.uniform(0.0, 1.1))
        told.update(flushes)
        busy.update(flushes[1:])
    with celeryscope_server(tmp_path, EVERY_SECOND, statsd_port) as server:
        stored = server.render("stats.{counters,timers}.kept.*.count", **{"from": since})
    assert len(told) >= KILLS
    assert busy
    assert len(stored) == 2
    for points in stored.values():
        value_at = {second: value for value, second in points if value is not None}
        first = min(value_at)
        assert {second for second in told if second > first} <= value_at.keys()
        assert all(value_at[second] for second in busy)


def wait_for_flush(flushes: list[int]) -> None:
    wait_until(lambda: bool(flushes), what="a flush")


def test_garbage_is_counted_and_nothing_else(tmp_path: Path) -> None:
    garbage = [b"", b"\xff\xfe\x00", b"x" * 65_507, b":::|||@@@\n\n|", b"a:1|c|@Infinity"]
    garbage += [b"constructor:1|zz", b"n:nan|ms", Random(1).randbytes(30_000)]
    since = int(time.time())
    with celeryscope_server(tmp_path, EVERY_SECOND) as server:
        server.send(*garbage, b"fine:3|c")
        packets = "stats.counters.celeryscope.packets.count"
        wait_until(lambda: server.total(packets, since) == len(garbage) + 1, what="all packets")
        assert server.total("stats.counters.fine.count", since) == 3
        lines = server.total("stats.counters.celeryscope.lines.count", since)
        bad = server.total("stats.counters.celeryscope.bad_lines.*.count", since)
        assert bad == lines - 1
        assert bad >= 6
