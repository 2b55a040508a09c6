"""A Celery app whose tasks have known fates, for real workers: `celery -A support.sample_app`."""

import os
import time
from pathlib import Path

from celery import Celery, Task

import celeryscope

app = Celery("sample", broker=os.environ.get("SAMPLE_BROKER", "memory://"))
app.conf.update(
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    beat_schedule={"every second": {"task": "shop.orders.tasks.place", "schedule": 1.0}},
)
celeryscope.instrument(app)


class OutOfStockError(Exception):
    """A failure with a class of its own."""


@app.task(name="shop.orders.tasks.place")
def place(seconds: float = 0.0) -> float:
    time.sleep(seconds)
    return seconds


@app.task(name="shop.orders.tasks.refuse")
def refuse(stock: int = 0) -> None:
    if not stock:
        raise OutOfStockError
    raise ValueError(stock)


@app.task(name="shop.labels.tasks.print")
def print_label(path: str) -> None:
    """Leave a file, for tests that want to see that it ran without asking celeryscope."""
    Path(path).touch(exist_ok=False)


@app.task(name="shop.mail.send", bind=True, max_retries=3)
def send(self: "Task[[int, float], str]", refusals: int = 1, countdown: float = 0.0) -> str:
    if self.request.retries < refusals:
        raise self.retry(countdown=countdown)
    return "sent"
