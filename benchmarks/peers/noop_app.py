"""A worker's app whose task does nothing, watched by one of several monitors.

Started by `worker_throughput` with the monitor's name in BENCH_MONITOR, the broker's URL in
BENCH_REDIS and the StatsD server's host in GRAPHITE_HOST.
"""

import os
import socket
import sys
from importlib import import_module
from pathlib import Path

from celery import Celery, signals
from django.conf import settings
from redis import Redis

import celeryscope

ARTICLE = Path(__file__).parents[2] / "tests" / "integration" / "article"
REDIS = os.environ["BENCH_REDIS"]
HOST = os.environ["GRAPHITE_HOST"]

app = Celery("bench", broker=REDIS)
app.conf.task_ignore_result = True
app.conf.worker_hijack_root_logger = False
finished = Redis.from_url(REDIS)


@app.task(name="bench.tasks.nothing")
def nothing() -> None:
    """Be a task, for what that alone costs."""


@app.task(name="bench.tasks.finish")
def finish() -> None:
    finished.lpush("finished", 1)


def instrumented() -> None:
    celeryscope.instrument(app, statsd=f"{HOST}:8125")


def floor() -> None:
    """Send one constant at the start and one at the end, and do nothing else."""
    connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connected.connect((HOST, 8125))

    def handler(**_: object) -> None:
        connected.send(b"bench.tasks.nothing.prerun:1|c")

    signals.task_prerun.connect(handler, weak=False, dispatch_uid="start")
    signals.task_postrun.connect(handler, weak=False, dispatch_uid="end")


def article() -> None:
    settings.configure(GRAPHITE_HOST=HOST)
    sys.path.insert(0, str(ARTICLE))
    import_module("listing")


def opentelemetry() -> None:
    def start(**_: object) -> None:
        import_module("opentelemetry_spans").trace_runs()

    # Its exporting thread would not survive a fork.
    signals.worker_process_init.connect(start, weak=False)


def nobody() -> None:
    """Watch nothing: what `none` is, and `events`, which is an option of the worker."""


MONITORS = {
    "none": nobody,
    "celeryscope": instrumented,
    "floor": floor,
    "article": article,
    "opentelemetry": opentelemetry,
    "events": nobody,
}
MONITORS[os.environ["BENCH_MONITOR"]]()
