"""The article's listing, as it is printed, sending to celeryscope's server."""

import secrets
import time
from pathlib import Path

from celery import Celery

from support.processes import redis_server, wait_until
from support.server import celeryscope_server
from support.workers import TESTS, worker

PLACE = "shop.orders.tasks.place"
REFUSE = "shop.orders.tasks.refuse"
RUNS = 5


def test_the_articles_names_are_served_but_only_ours_counts_failures(tmp_path: Path) -> None:
    # The listing's port is fixed, and all of 127.0.0.0/8 is this machine.
    host = ".".join(["127", *(str(1 + secrets.randbelow(250)) for _ in range(3))])
    since = int(time.time())
    flags = ["--statsd", f"{host}:8125", "--flush-interval", "1s", "--retentions", "1s:1h"]
    env = {"GRAPHITE_HOST": host, "CELERYSCOPE_STATSD": f"{host}:8125"}
    env["PYTHONPATH"] = str(TESTS / "integration" / "article")
    with (
        celeryscope_server(tmp_path, flags) as server,
        redis_server(tmp_path) as redis,
        Celery(broker=redis, set_as_current=False) as client,
        worker(tmp_path, env | {"SAMPLE_BROKER": redis}, options=("-c", "2", "-I", "listing")),
    ):
        for _ in range(RUNS):
            client.send_task(PLACE)
            client.send_task(REFUSE)
        ours = "stats.counters.celery.task.shop.orders-tasks.refuse"
        ended = "stats.counters.shop.orders.tasks.*.postrun.count"
        wait_until(lambda: server.total(ended, since) == 2 * RUNS, what="the runs' end")
        wait_until(lambda: server.total(f"{ours}.failure.count", since) == RUNS)

        for leaf in ("prerun", "postrun", "success"):
            assert server.total(f"stats.counters.{PLACE}.{leaf}.count", since) == RUNS
        for aggregate in ("lower", "sum", "upper", "mean", "mean_90"):
            (points,) = server.render(
                f"stats.timers.{PLACE}.runtime.{aggregate}", **{"from": since - 1}
            ).values()
            assert any(value is not None for value, _ in points)
        assert not server.render(f"stats.counters.{REFUSE}.failure.count", **{"from": since - 1})
