"""Two apps whose tasks end as they are told: `celery -A support.dashboard_app worker`.

Run as a program it publishes all that they are to do.
"""

import os
import signal
import time
from random import Random
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore, Reject

import celeryscope

QUEUES = {
    "billing.invoices.tasks.charge": "money",
    "billing.invoices.tasks.refund": "money",
    "shop.mail.send": "goods",
    "shop.orders.tasks.place": "goods",
}
"""Each task's queue."""
FATES = {
    "success": 16,
    "failure": 4,
    "retry": 4,
    "ignored": 2,
    "rejected": 2,
    "expired": 2,
    "killed": 1,
    "limit": 1,
}
"""How many messages of each task have which fate."""
UNKNOWN = "shop.orders.tasks.gone"
OPTIONS: dict[str, dict[str, Any]] = {"expired": {"expires": -1}, "limit": {"time_limit": 0.5}}
"""What messages of a fate have, in seconds."""
FOREVER = 60.0
UNTIL_TAKEN = 0.3
"""Until the main process knows who runs it, in seconds: it gives another what is lost before."""

app = Celery("dashboards", broker=os.environ.get("DASHBOARDS_BROKER", "memory://"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    beat_schedule={
        "every half second": {
            "task": "shop.mail.send",
            "schedule": 0.5,
            "args": ("success", 0.01),
            "options": {"queue": "goods"},
        }
    },
)
celeryscope.instrument(app)


class OutOfStockError(Exception):
    """The failure that was asked for."""


def _is_redelivered(task: "Task[..., None]") -> bool:
    return bool((task.request.delivery_info or {}).get("redelivered"))


def _end(self: "Task[[str, float], None]", fate: str, seconds: float) -> None:
    """Work for `seconds`, then end as `fate` says."""
    time.sleep(seconds)
    if fate == "failure":
        raise OutOfStockError
    if fate == "retry" and self.request.retries == 0:
        raise self.retry(countdown=0)
    if fate == "ignored":
        raise Ignore
    if fate == "rejected" and not _is_redelivered(self):
        raise Reject(requeue=True)
    if fate == "limit":
        time.sleep(FOREVER)
    if fate == "killed":
        time.sleep(UNTIL_TAKEN)
        os.kill(os.getpid(), signal.SIGKILL)


for task_name in QUEUES:
    app.task(bind=True, name=task_name, max_retries=3)(_end)


def publish() -> None:
    """Publish each task for each of its fates in a random order, and an unknown one."""
    random = Random(20261122)
    wanted = [(name, fate) for name in QUEUES for fate in FATES for _ in range(FATES[fate])]
    random.shuffle(wanted)
    for name, fate in wanted:
        seconds = 0.02 * random.lognormvariate(0.0, 0.8)
        options = OPTIONS.get(fate, {})
        app.send_task(name, (fate, seconds), queue=QUEUES[name], **options)
    for queue in sorted(set(QUEUES.values())):
        app.send_task(UNKNOWN, queue=queue)


if __name__ == "__main__":
    publish()
