"""The demo's Celery application: what a user's own looks like, with one line of celeryscope."""

import os
import time
from pathlib import Path

import numpy as np
from celery import Celery, Task

import celeryscope
from celeryscope.demo.broker import SCHEME
from celeryscope.demo.shop import KINDS, TaskKind, in_incident

BROKER_VARIABLE = "DEMO_BROKER"
FOLDER_VARIABLE = "DEMO_FOLDER"
_MAX_RETRIES = 3
_POLLING_SECONDS = 0.1
_TROUBLE_SLOWER = 4.0
_TROUBLE_FAILS = 0.15


def make_app(broker: str, folder: Path) -> Celery:
    """Return the application on a broker, or on files in `folder` where `broker` is empty."""
    app = Celery("demo", broker=broker or f"{SCHEME}://")
    app.conf.task_ignore_result = True
    app.conf.task_default_queue = "default"
    app.conf.broker_connection_retry_on_startup = True
    app.conf.worker_hijack_root_logger = False
    if not broker:
        messages, control = folder / "messages", folder / "control"
        for path in (messages, control):
            path.mkdir(parents=True, exist_ok=True)
        app.conf.broker_transport_options = {
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(control),
            "polling_interval": _POLLING_SECONDS,
        }
    for kind in KINDS:
        _register(app, kind)
    celeryscope.instrument(app)
    return app


def _register(app: Celery, kind: TaskKind) -> None:
    def run(self: "Task[..., None]") -> None:
        random = np.random.default_rng()
        trouble = kind.trouble and in_incident(time.time())
        median = kind.median_ms * (_TROUBLE_SLOWER if trouble else 1.0) / 1000
        time.sleep(median * random.lognormal(0.0, kind.spread))
        if random.random() < kind.retries and self.request.retries < _MAX_RETRIES:
            raise self.retry(countdown=random.uniform(1, 4))
        if trouble and random.random() < _TROUBLE_FAILS:
            raise next(iter(kind.failures))("the gateway is in trouble")
        for error, chance in kind.failures.items():
            if random.random() < chance:
                raise _made(error)

    app.task(name=kind.name, bind=True, max_retries=None)(run)


def _made(error: type[Exception]) -> Exception:
    if error is UnicodeEncodeError:
        return UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range")
    return error("made by the demo")


def app() -> Celery:
    """Return the application that the environment describes."""
    return make_app(os.environ.get(BROKER_VARIABLE, ""), Path(os.environ[FOLDER_VARIABLE]))
