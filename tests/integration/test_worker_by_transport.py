"""Real workers that send by Unix datagram and by TCP."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from celery import Celery

from support.endings_stage import SOURCE, Setting
from support.processes import redis_server, wait_until
from support.receivers import tcp_receiver, unix_receiver
from support.workers import worker

RUNS = 40
SUCCESS = b"celery.task.shop.orders-tasks.place.success"
Lines = Callable[[], list[bytes]]
Transport = Callable[[Path], AbstractContextManager[tuple[str, Lines]]]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@contextmanager
def unix(folder: Path) -> Iterator[tuple[str, Lines]]:
    with unix_receiver(folder / "statsd.sock") as heard:
        found: list[bytes] = []

        def lines() -> list[bytes]:
            found.extend(heard.datagrams())
            return b"\n".join(found).split(b"\n")

        yield heard.address, lines


@contextmanager
def tcp(_: Path) -> Iterator[tuple[str, Lines]]:
    with tcp_receiver() as heard:
        yield heard.address, heard.lines


def totals(lines: list[bytes]) -> Counter[bytes]:
    counted: Counter[bytes] = Counter()
    for line in lines:
        name, _, rest = line.partition(b":")
        value, _, kind = rest.partition(b"|")
        if kind == b"c":
            counted[name] += int(value)
    return counted


@pytest.mark.parametrize(
    ("transport", "pool"),
    [(unix, "prefork"), (tcp, "prefork"), (tcp, "threads"), (tcp, "gevent"), (tcp, "eventlet")],
)
def test_every_run_arrives_and_nothing_is_lost(
    redis: str, tmp_path: Path, transport: Transport, pool: str
) -> None:
    with transport(tmp_path) as (address, lines), Celery(broker=redis) as client:
        env = {
            "SAMPLE_BROKER": redis,
            "CELERYSCOPE_STATSD": address,
            "PYTHONPATH": str(SOURCE),
        }
        options = ("--concurrency", "2", "--pool", pool)
        python = Setting("newest", "redis", pool).python
        with worker(tmp_path, env, options=options, python=python) as started:
            for _ in range(RUNS):
                client.send_task("shop.orders.tasks.place")
            wait_until(lambda: totals(lines())[SUCCESS] == RUNS, what="all runs")
            started.stop()
            assert "Traceback" not in started.output()

        counted = totals(lines())
    assert counted[SUCCESS] == RUNS
    assert counted[b"celeryscope.client.sent"] >= 2 * RUNS
    assert counted[b"celeryscope.client.dropped"] == 0
