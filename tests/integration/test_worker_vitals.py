"""Workers and beat tell how they are, in every pool."""

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from celery import Celery

from support.endings_stage import SOURCE, Setting, end
from support.processes import accepts, free_port, redis_server, required, running, wait_until
from support.udp import Receiver, receiver
from support.workers import TESTS, worker

PLACE_TASK = "shop.orders.tasks.place"
RECEIVED = "celery.task.shop.orders-tasks.place.received"
SENT = "celery.beat.every_second.sent"
LATENESS = "celery.beat.every_second.lateness"
GREEN = {"gevent", "eventlet"}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def heard() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


def python(pool: str) -> Path:
    """Return an interpreter that has what a pool needs."""
    return Setting("newest", "redis", pool).python if pool in GREEN else Path(sys.executable)


def env_of(broker: str, heard: Receiver) -> dict[str, str]:
    return {
        "SAMPLE_BROKER": broker,
        "CELERYSCOPE_STATSD": heard.address,
        "PYTHONPATH": str(SOURCE),
    }


def publish(broker: str, count: int, seconds: float = 0.0, queue: str = "celery") -> None:
    with Celery("client", broker=broker, set_as_current=False) as client:
        for _ in range(count):
            client.send_task(PLACE_TASK, [seconds], queue=queue)


def gauge(heard: Receiver, leaf: str) -> list[float]:
    """Return all values of the one worker's gauge, in order."""
    names = {line.partition(":")[0] for line in heard.lines()}
    (name,) = (
        name for name in names if name.startswith("celery.worker.") and name.endswith(f".{leaf}")
    )
    return heard.times(name)


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo", "gevent", "eventlet"])
def test_a_worker_tells_that_it_is_there_and_that_it_has_stopped(
    redis: str, heard: Receiver, tmp_path: Path, pool: str
) -> None:
    options = ("--pool", pool, "--concurrency", "3", "--queues", pool)
    with worker(tmp_path, env_of(redis, heard), options=options, python=python(pool)) as started:
        publish(redis, 5, queue=pool)
        # The first is told at once, the others by the timer.
        heard.wait_for(lambda heard: heard.counts()[RECEIVED] == 5)
        end(started, signal.SIGTERM)

    assert gauge(heard, "online") == [1, 0]
    assert gauge(heard, "pool_size") == [1 if pool == "solo" else 3, 0]
    assert gauge(heard, "busy") == [0, 0]


def test_a_worker_that_stops_at_once_says_so_too(
    redis: str, heard: Receiver, tmp_path: Path
) -> None:
    with worker(tmp_path, env_of(redis, heard)) as started:
        end(started, signal.SIGQUIT)

    assert gauge(heard, "online") == [1, 0]


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_busy_worker_tells_how_busy_it_is(
    redis: str, heard: Receiver, tmp_path: Path, pool: str
) -> None:
    with worker(tmp_path, env_of(redis, heard), options=("--pool", pool)):
        publish(redis, 1, seconds=12.0)
        heard.wait_for(lambda heard: 1 in gauge(heard, "busy"))


@contextmanager
def redis_on(port: int, folder: Path) -> Iterator[None]:
    program = required("redis-server", "redis-server")
    command = [program, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    with running(command, folder / "redis.log"):
        wait_until(lambda: accepts(port), what="redis")
        yield


@pytest.mark.parametrize("celery", ["5.5", "newest"])
def test_a_worker_that_lost_its_broker_goes_on_telling(
    heard: Receiver, tmp_path: Path, celery: str
) -> None:
    port = free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    python = Setting(celery, "redis", "prefork").python
    with ExitStack() as stack:
        with redis_on(port, tmp_path):
            stack.enter_context(worker(tmp_path, env_of(broker, heard), python=python))
        with redis_on(port, tmp_path):
            heard.wait_for(lambda heard: len(gauge(heard, "online")) > 1, what="the worker again")
            publish(broker, 5)
            heard.wait_for(lambda heard: heard.counts()[RECEIVED] == 5)
            stack.close()


@pytest.mark.parametrize("command", [("beat",), ("worker", "--beat", "--concurrency", "1")])
def test_beat_tells_what_it_sent_and_how_late(
    redis: str, heard: Receiver, tmp_path: Path, command: tuple[str, ...]
) -> None:
    program = [sys.executable, "-m", "celery", "-A", "support.sample_app", *command]
    env = {**env_of(redis, heard), "PYTHONPATH": f"{SOURCE}:{TESTS}"}
    with running(program, tmp_path / "beat.log", env, cwd=tmp_path):
        heard.wait_for(lambda heard: heard.counts()[SENT] >= 3)

    assert all(0 <= lateness < 1000 for lateness in heard.times(LATENESS))
    assert len(heard.times(LATENESS)) == heard.counts()[SENT]
