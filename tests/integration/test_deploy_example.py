"""The example of Compose's stacks, on a real broker: its worker is healthy and charts move."""

import os
import subprocess
import sys
import time
from pathlib import Path

from celeryscope.demo.shop import KINDS
from support.deploy import dockerfile, services, variables_of
from support.processes import redis_server, running, wait_until
from support.server import celeryscope_server

FLAGS = ("--flush-interval", "1s", "--retentions", "1s:1h")
SUCCESSES = "stats.counters.celery.task.*.*.*.success.count"
STACK = services("embedded")


def command_of(name: str) -> list[str]:
    """Return a service's command, as it is run by this environment."""
    program, *words = STACK[name]["command"]
    return (
        [sys.executable, *words] if program == "python" else [sys.executable, "-m", program, *words]
    )


def test_the_worker_works_off_what_the_load_publishes(tmp_path: Path) -> None:
    since = time.time()
    with redis_server(tmp_path) as redis, celeryscope_server(tmp_path, FLAGS) as server:
        env = {
            **variables_of(dockerfile()["example"]),
            "DEMO_BROKER": redis,
            "CELERYSCOPE_STATSD": server.statsd,
        }
        # In the container the host's name is the service's.
        worker = [*command_of("worker"), f"--hostname=celery@{STACK['worker']['hostname']}"]
        with (
            running(worker, tmp_path / "worker.log", env, cwd=tmp_path),
            running(command_of("load"), tmp_path / "load.log", env, cwd=tmp_path),
        ):
            wait_until(lambda: server.total(SUCCESSES, since) > 2 * len(KINDS), 60, "successes")
            _, *check = STACK["worker"]["healthcheck"]["test"]
            ping = [sys.executable, "-m", *check]
            assert subprocess.run(ping, env={**os.environ, **env}, check=False).returncode == 0
            online = "stats.gauges.celery.worker.celery_shop.online"
            wait_until(lambda: [*server.render("stats.gauges.celery.worker.*.online")] == [online])
