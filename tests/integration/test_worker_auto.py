"""Workers of each Celery that only their command line tells of celeryscope."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from support.endings_stage import SOURCE, Setting
from support.processes import redis_server
from support.udp import receiver
from support.workers import worker

PLAIN_APP = """
import os
from celery import Celery

app = Celery("plain", broker=os.environ["PLAIN_BROKER"], set_as_current=False)
app.conf.task_ignore_result = True
app.conf.task_default_queue = os.environ["PLAIN_QUEUE"]
Celery("stranger")

@app.task(name="plain.add", shared=False)
def add(a, b):
    return a + b
"""


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.mark.parametrize("version", ["5.3", "5.4", "5.5", "5.6", "newest"])
def test_a_worker_is_instrumented_by_its_include_option(
    redis: str, tmp_path: Path, version: str
) -> None:
    (tmp_path / "plain.py").write_text(PLAIN_APP)
    with receiver() as heard, Celery(broker=redis, set_as_current=False) as client:
        env = {
            "PLAIN_BROKER": redis,
            "PLAIN_QUEUE": version,
            "CELERYSCOPE_STATSD": heard.address,
            "PYTHONPATH": f"{tmp_path}:{SOURCE}",
        }
        options = ("--concurrency", "2", "-I", "celeryscope.auto")
        python = Setting(version, "redis", "prefork").python
        with worker(tmp_path, env, "plain:app", options, python=python):
            for _ in range(10):
                client.send_task("plain.add", (1, 2), queue=version)
            heard.wait_for(lambda heard: heard.counts()["celery.task.plain._.add.success"] == 10)

        counts = heard.counts()
    assert counts["celery.task.plain._.add.prerun"] == 10
    assert counts[f"celery.queue.{version.replace('.', '_')}.prerun"] == 10
