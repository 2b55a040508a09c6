"""Runs one task through Celery's own tracer, watched by one of several monitors.

Started by `worker_cost`, once a monitor, so that their signals do not mix:

    python traced_tasks.py MONITOR STATSD_HOST STATSD_PORT REDIS_URL

Each number N that comes in on standard input runs N tasks; the answer is one line, the CPU time
of one of them in us.
"""

import socket
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from uuid import uuid4

from celery import Celery, signals
from celery.app.trace import build_tracer
from django.conf import settings

import celeryscope
from opentelemetry_spans import trace_runs

ARTICLE = Path(__file__).parents[2] / "tests" / "integration" / "article"

app = Celery("bench", broker="memory://")
Run = Callable[[str], object]


@app.task(name="proj.billing.tasks.charge", ignore_result=True)
def charge(amount: int) -> int:
    return amount


def request_of(task_id: str) -> dict[str, object]:
    """Return what a prefork child is given with a message that came through Redis."""
    return {
        "lang": "py",
        "task": charge.name,
        "id": task_id,
        "root_id": task_id,
        "parent_id": None,
        "group": None,
        "shadow": None,
        "eta": None,
        "expires": None,
        "retries": 0,
        "timelimit": [None, None],
        "argsrepr": "(1,)",
        "kwargsrepr": "{}",
        "origin": "gen1@host",
        "ignore_result": True,
        "celeryscope_published": time.time(),
        "reply_to": "b7b5a9f4-3b76-3e0b-a6a7-d0f8b21c8d46",
        "correlation_id": task_id,
        "hostname": "celery@host",
        "delivery_info": {
            "exchange": "",
            "routing_key": "celery",
            "priority": 0,
            "redelivered": False,
        },
        "args": [1],
        "kwargs": {},
    }


def traced() -> Run:
    trace = build_tracer(charge.name, charge, app=app)
    return lambda task_id: trace(task_id, [1], {}, request_of(task_id))


def none(_statsd: tuple[str, int], _redis: str) -> Run:
    return traced()


def instrumented(statsd: tuple[str, int], _redis: str) -> Run:
    celeryscope.instrument(app, statsd=f"{statsd[0]}:{statsd[1]}")
    return traced()


def article(statsd: tuple[str, int], _redis: str) -> Run:
    """Run the listing as it is printed: it has port 8125 fixed."""
    settings.configure(GRAPHITE_HOST=statsd[0])
    sys.path.insert(0, str(ARTICLE))
    import_module("listing")
    return traced()


def floor(statsd: tuple[str, int], _redis: str) -> Run:
    """Send one constant at the start and one at the end, and do nothing else."""
    connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connected.connect(statsd)

    def handler(**_: object) -> None:
        connected.send(b"proj.billing.tasks.charge.prerun:1|c")

    signals.task_prerun.connect(handler, weak=False, dispatch_uid="start")
    signals.task_postrun.connect(handler, weak=False, dispatch_uid="end")
    return traced()


def events(_statsd: tuple[str, int], redis: str) -> Run:
    """Send what `worker -E` sends: three events, buffered, in two turns of its event loop.

    A real one (Celery 5.7, Redis, 2 children) took 1.5 turns a task in a burst of 500 and 3 when
    tasks came one by one.
    """
    dispatcher = app.events.Dispatcher(
        app.connection_for_write(redis), hostname="celery@host", buffer_group=["task"]
    )
    trace = traced()

    def run(task_id: str) -> None:
        dispatcher.send(
            "task-received",
            uuid=task_id,
            name=charge.name,
            args="(1,)",
            kwargs="{}",
            root_id=task_id,
            parent_id=None,
            retries=0,
            eta=None,
            expires=None,
        )
        dispatcher.send("task-started", uuid=task_id)
        dispatcher.flush(groups=["task"])
        trace(task_id)
        dispatcher.send("task-succeeded", uuid=task_id, result="1", runtime=0.001)
        dispatcher.flush(groups=["task"])

    return run


def opentelemetry(_statsd: tuple[str, int], _redis: str) -> Run:
    trace_runs()
    return traced()


MONITORS = {
    "none": none,
    "celeryscope": instrumented,
    "article": article,
    "events": events,
    "floor": floor,
    "opentelemetry": opentelemetry,
}


def main() -> None:
    monitor, host, port, redis = sys.argv[1:]
    run = MONITORS[monitor]((host, int(port)), redis)
    for line in sys.stdin:
        task_ids = [str(uuid4()) for _ in range(int(line))]
        began = time.process_time()
        for task_id in task_ids:
            run(task_id)
        print((time.process_time() - began) / len(task_ids) * 1e6, flush=True)


if __name__ == "__main__":
    main()
