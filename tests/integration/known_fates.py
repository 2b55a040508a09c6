"""Tasks whose ends are known beforehand, and who write down what they saw themselves."""

import os
import time
from random import Random

from celery import Celery, Task

import celeryscope

TASKS = {"fates.known.quick": 0.1, "fates.known.slow": 0.15}
FATES = {"success": 180, "failure": 45, "retry": 45, "countdown": 30}
COUNTDOWN = 1.5
RETRY_COUNTDOWN = 0.5
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_RECORDS = os.open(os.environ.get("KNOWN_FATES_RECORDS", os.devnull), _APPEND)

app = Celery("fates", broker=os.environ.get("KNOWN_FATES_BROKER", "memory://"))
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1
celeryscope.instrument(app)


class ExpectedError(Exception):
    """The failure that was asked for."""


def _run(self: "Task[..., None]", fate: str, seconds: float, runnable_at: float) -> None:
    """Work for `seconds`, then end as `fate` says; `runnable_at` is when it could have begun."""
    began = time.perf_counter()
    wait = time.time() - runnable_at
    try:
        time.sleep(seconds)
        if fate == "failure":
            raise ExpectedError
        if fate == "retry" and self.request.retries == 0:
            again = time.time() + RETRY_COUNTDOWN
            raise self.retry(args=(fate, seconds, again), countdown=RETRY_COUNTDOWN)
    finally:
        runtime = time.perf_counter() - began
        os.write(_RECORDS, f"{self.name} {wait * 1000} {runtime * 1000}\n".encode())


for task_name in TASKS:
    app.task(bind=True, name=task_name, max_retries=5)(_run)


def publish() -> None:
    """Publish each task once for each of its fates, in a random order."""
    random = Random(20261122)
    wanted = [(name, fate) for name in TASKS for fate in FATES for _ in range(FATES[fate])]
    random.shuffle(wanted)
    for name, fate in wanted:
        countdown = COUNTDOWN if fate == "countdown" else 0.0
        seconds = TASKS[name] * random.lognormvariate(0.0, 0.4)
        app.send_task(name, (fate, seconds, time.time() + countdown), countdown=countdown)


if __name__ == "__main__":
    publish()
