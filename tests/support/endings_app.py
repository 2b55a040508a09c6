"""Tasks that end in every way there is: `celery -A support.endings_app worker`.

The task `endings.<ending>.task` ends as the row of that name in `support.endings` says. Runs in
all supported versions of Celery and Python, with nothing but Celery.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from celery import Celery, Task, chain, chord, group
from celery.exceptions import Ignore, Reject

import celeryscope
from support.brokers import file_broker

LIMIT = 1.0
"""The time limits, in seconds."""
PAST_LIMIT = 1.5
UNTIL_TAKEN = 0.3
"""Until the main process knows who runs it: it gives another process what is lost before."""
FOREVER = 60.0

FOLDER = Path(os.environ.get("ENDINGS_FOLDER", "."))
"""For what must outlive a process: marks, and the file broker's messages."""

Bound: TypeAlias = "Task[..., Any]"
Function = TypeVar("Function", bound=Callable[..., object])

app = Celery("endings", broker=os.environ.get("ENDINGS_BROKER", "memory://"))
app.conf.update(
    result_backend=os.environ.get("ENDINGS_RESULTS", "disabled"),
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)
if app.conf.broker_url.startswith("filesystem:"):
    app.conf.broker_transport_options = file_broker(FOLDER)
celeryscope.instrument(app)


class OutOfStockError(Exception):
    """A failure with a class of its own."""


def ending(name: str, **options: object) -> Callable[[Function], Function]:
    """Make a task of a function, which stays one: another ending may come about alike."""

    def register(function: Function) -> Function:
        task: Any = app.task
        task(function, name=f"endings.{name}.task", bind=True, **options)
        return function

    return register


def is_first_run(task: Bound) -> bool:
    """Tell whether no process has asked for this task before."""
    try:
        (FOLDER / f"{task.name}.mark").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@ending("success")
@ending("replacement")
@ending("eager")
def succeed(_: Bound) -> int:
    return 1


@ending("failure")
def fail(_: Bound) -> None:
    raise OutOfStockError


@ending("retry")
def retry(self: Bound) -> int:
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    return 1


@ending("retries_exhausted", max_retries=1)
def retry_always(self: Bound) -> None:
    raise self.retry(exc=OutOfStockError(), countdown=0)


@ending("ignore")
def ignore(_: Bound) -> None:
    raise Ignore


@ending("reject_early")
@ending("reject_late", acks_late=True)
def reject(_: Bound) -> None:
    raise Reject


@ending("reject_requeue", acks_late=True)
def reject_once(self: Bound) -> int:
    if is_first_run(self):
        raise Reject(requeue=True)
    return 1


@ending("replace")
def replace(self: Bound) -> None:
    self.replace(app.signature("endings.replacement.task"))


@ending("unserialisable")
def return_unserialisable(_: Bound) -> object:
    return object()


@ending("exit", ignore_result=True)
@ending("exit_with_result")
@ending("exit_in_place")
def leave(_: Bound) -> None:
    sys.exit()


@ending("soft_limit", soft_time_limit=LIMIT)
@ending("hard_limit", time_limit=LIMIT)
@ending("revoked_running")
@ending("revoked_by_kill")
@ending("cold_shutdown")
def run_forever(_: Bound) -> None:
    time.sleep(FOREVER)


@ending("soft_limit_unheeded", soft_time_limit=LIMIT)
@ending("hard_limit_unheeded", time_limit=LIMIT)
@ending("revoked_unheeded")
@ending("warm_shutdown")
def run_past_limit(_: Bound) -> None:
    time.sleep(PAST_LIMIT)


@ending("killed")
def kill_own_process(_: Bound) -> None:
    time.sleep(UNTIL_TAKEN)
    os.kill(os.getpid(), signal.SIGKILL)


@ending("killed_requeued", acks_late=True, reject_on_worker_lost=True)
def kill_own_process_once(self: Bound) -> int:
    if is_first_run(self):
        time.sleep(UNTIL_TAKEN)
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@ending("process_exit")
def exit_own_process(_: Bound) -> None:
    time.sleep(UNTIL_TAKEN)
    os._exit(1)


@ending("revoked_queued")
@ending("expired")
@ending("expired_waiting")
def never(_: Bound) -> None:
    raise AssertionError


@ending("chain")
@ending("group")
@ending("chord")
def be_part(_: Bound, *_results: object) -> int:
    return 1


@app.task(name="endings.helpers.call_in_place")
def call_in_place() -> None:
    app.tasks["endings.eager.task"].apply(throw=True)


@app.task(name="endings.helpers.draw")
def draw(kind: str) -> None:
    """Start a chain of two, a group of three, or a chord of two and their callback."""
    part = app.tasks[f"endings.{kind}.task"]
    canvas = {
        "chain": chain(part.si(), part.si()),
        "group": group(part.si(), part.si(), part.si()),
        "chord": chord([part.si(), part.si()], part.s()),
    }
    canvas[kind].apply_async()
