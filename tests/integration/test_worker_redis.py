"""Real workers on a real Redis, prefork for the most part: what tasks did is what arrives."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

import celeryscope
from support.processes import free_port, redis_server, running, wait_until
from support.udp import Receiver, receiver
from support.workers import TESTS, worker

PLACE_TASK = "shop.orders.tasks.place"
PLACE = "celery.task.shop.orders-tasks.place"
REFUSE = "celery.task.shop.orders-tasks.refuse"
SEND = "celery.task.shop.mail.send"
QUEUE = "celery.queue.celery"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def heard() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


@pytest.fixture
def client(redis: str, heard: Receiver) -> Iterator[Celery]:
    with Celery("sample", broker=redis, set_as_current=False) as app:
        app.conf.update(task_ignore_result=True)
        celeryscope.instrument(app, statsd=heard.address)
        yield app


@pytest.fixture
def sample_worker(client: Celery, redis: str, heard: Receiver, tmp_path: Path) -> Iterator[Celery]:
    env = {"SAMPLE_BROKER": redis, "CELERYSCOPE_STATSD": heard.address}
    with worker(tmp_path, env):
        yield client


def ended(heard: Receiver) -> int:
    """Count the runs that a worker has ended."""
    return sum(
        count
        for name, count in heard.counts().items()
        if name.startswith("celery.worker.") and name.endswith(".postrun")
    )


def received(heard: Receiver) -> int:
    """Count the messages that a worker has taken; it tells them once a second."""
    counts = heard.counts().items()
    return sum(count for name, count in counts if name.endswith(".received"))


def test_every_fate_is_counted_once(sample_worker: Celery, heard: Receiver) -> None:
    for _ in range(20):
        sample_worker.send_task(PLACE_TASK)
        sample_worker.send_task("shop.orders.tasks.refuse")
        sample_worker.send_task("shop.orders.tasks.refuse", [1])
        sample_worker.send_task("shop.mail.send", [2])

    heard.wait_for(lambda heard: ended(heard) >= 120 and received(heard) >= 120)

    counts = heard.counts()
    mine = {name: n for name, n in counts.items() if name.startswith(("celery.task", QUEUE))}
    assert mine == {
        f"{PLACE}.published": 20,
        f"{PLACE}.received": 20,
        f"{PLACE}.prerun": 20,
        f"{PLACE}.postrun": 20,
        f"{PLACE}.success": 20,
        f"{REFUSE}.published": 40,
        f"{REFUSE}.received": 40,
        f"{REFUSE}.prerun": 40,
        f"{REFUSE}.postrun": 40,
        f"{REFUSE}.failure": 40,
        f"{REFUSE}.exception.OutOfStockError": 20,
        f"{REFUSE}.exception.ValueError": 20,
        f"{SEND}.published": 60,
        f"{SEND}.received": 60,
        f"{SEND}.prerun": 60,
        f"{SEND}.postrun": 60,
        f"{SEND}.retry": 40,
        f"{SEND}.success": 20,
        f"{QUEUE}.published": 120,
        f"{QUEUE}.prerun": 120,
    }
    assert len(heard.times(f"{PLACE}.runtime")) == len(heard.times(f"{PLACE}.wait")) == 20
    assert len(heard.times(f"{QUEUE}.wait")) == 120


def test_a_countdown_and_the_pause_before_a_retry_are_not_waiting(
    sample_worker: Celery, heard: Receiver
) -> None:
    sample_worker.send_task(PLACE_TASK, countdown=1.5)
    sample_worker.send_task("shop.mail.send", [1, 1.5])

    heard.wait_for(lambda heard: ended(heard) >= 3)

    assert all(0 <= wait < 1000 for wait in heard.times(f"{QUEUE}.wait"))


def test_runtime_is_the_time_the_task_took(sample_worker: Celery, heard: Receiver) -> None:
    sample_worker.send_task(PLACE_TASK, [0.5])

    heard.wait_for(lambda heard: ended(heard) >= 1)

    (runtime,) = heard.times(f"{PLACE}.runtime")
    assert 500 <= runtime < 600


def test_each_child_sends_from_a_socket_of_its_own(sample_worker: Celery, heard: Receiver) -> None:
    for _ in range(4):
        sample_worker.send_task(PLACE_TASK, [0.5])

    heard.wait_for(lambda heard: ended(heard) >= 4)

    assert heard.counts()[f"{PLACE}.success"] == 4
    # The publisher here, the main process and both children.
    assert len(heard.senders) == 4


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_a_pool_in_the_main_process_counts_too(
    client: Celery, redis: str, heard: Receiver, tmp_path: Path, pool: str
) -> None:
    env = {"SAMPLE_BROKER": redis, "CELERYSCOPE_STATSD": heard.address}
    with worker(tmp_path, env, options=("--pool", pool, "--concurrency", "4")):
        for _ in range(20):
            client.send_task(PLACE_TASK)
        heard.wait_for(lambda heard: ended(heard) >= 20)

    counts = heard.counts()
    assert counts[f"{PLACE}.prerun"] == counts[f"{PLACE}.success"] == 20
    # Its counts are sent as the process ends, in a datagram that is not among them.
    from_worker = [it for it in heard.datagrams() if b".published:" not in it]
    assert counts["celeryscope.client.sent"] == len(from_worker) - 1


@pytest.mark.parametrize("statsd", ["no-such-host.invalid:8125", "127.0.0.1:{closed}"])
def test_tasks_run_as_if_nothing_were_there_when_nobody_can_be_reached(
    client: Celery, redis: str, tmp_path: Path, statsd: str
) -> None:
    address = statsd.format(closed=free_port(socket.SOCK_DGRAM))
    with worker(tmp_path, {"SAMPLE_BROKER": redis, "CELERYSCOPE_STATSD": address}) as started:
        for number in range(20):
            client.send_task("shop.labels.tasks.print", [f"{tmp_path}/{number}.label"])
        wait_until(lambda: len(list(tmp_path.glob("*.label"))) == 20, what="all labels")

    assert "Traceback" not in started.output()
    assert 1 <= started.output().count("celeryscope could not send") <= 3  # one a process


def test_a_worker_with_a_bad_setting_does_not_start_and_says_which(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "celery", "-A", "support.sample_app", "worker"]
    env = {"CELERYSCOPE_STATSD": "localhost", "PYTHONPATH": str(TESTS)}
    with running(command, tmp_path / "log", env, cwd=tmp_path) as started:
        wait_until(lambda: started.process.poll() is not None, what="the worker's end")

    assert started.process.returncode != 0
    assert "'localhost' in the environment variable CELERYSCOPE_STATSD" in started.output()
    assert "HOST:PORT" in started.output()
