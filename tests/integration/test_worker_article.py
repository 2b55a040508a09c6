"""The article's own listing, as it is printed, in a real worker."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from support.processes import redis_server
from support.udp import Receiver, receiver
from support.workers import TESTS, worker

ARTICLE = TESTS / "integration" / "article"
PLACE = "shop.orders.tasks.place"
REFUSE = "shop.orders.tasks.refuse"
RUNS = 5


@pytest.fixture
def heard() -> Iterator[Receiver]:
    # The listing's port is fixed, and all of 127.0.0.0/8 is this machine.
    host = ".".join(["127", *(str(1 + secrets.randbelow(250)) for _ in range(3))])
    with receiver(host, 8125) as listening:
        yield listening


@pytest.fixture
def ours() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


@pytest.fixture
def listing_log(tmp_path: Path, heard: Receiver, ours: Receiver) -> str:
    """Run a worker with the listing until five tasks succeeded and five failed; its log."""
    host, _, _ = heard.address.partition(":")
    with redis_server(tmp_path) as redis, Celery(broker=redis, set_as_current=False) as client:
        env = {"SAMPLE_BROKER": redis, "GRAPHITE_HOST": host, "PYTHONPATH": str(ARTICLE)}
        env["CELERYSCOPE_STATSD"] = ours.address
        with worker(tmp_path, env, options=("--concurrency", "2", "-I", "listing")) as started:
            for _ in range(RUNS):
                client.send_task(PLACE)
                client.send_task(REFUSE)
            heard.wait_for(lambda heard: len(heard.times(f"{REFUSE}.runtime")) == RUNS)
            heard.wait_for(lambda heard: len(heard.times(f"{PLACE}.runtime")) == RUNS)
            # A pool process that is stopped before it hands its result back counts as lost.
            started.process.terminate()
            started.process.wait(15)
    return started.output()


def test_its_metrics_arrive_but_its_failure_handler_never_fires(
    listing_log: str, heard: Receiver, ours: Receiver
) -> None:
    assert heard.counts() == {
        f"{PLACE}.prerun": RUNS,
        f"{PLACE}.postrun": RUNS,
        f"{PLACE}.success": RUNS,
        f"{REFUSE}.prerun": RUNS,
        f"{REFUSE}.postrun": RUNS,
    }
    # The signal passes no `result`.
    missing = "task_failure_handler() missing 1 required positional argument: 'result'"
    assert f"TypeError: {missing}" in listing_log
    assert ours.counts()["celery.task.shop.orders-tasks.refuse.failure"] == RUNS
