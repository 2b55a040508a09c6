"""Runs tasks through Celery's own tracer while the way to the collector is out of order.

The tasks run in a process of their own, so that its memory is theirs alone:

    python -m support.faults ADDRESS [HANDLER...]

`none` as the address leaves the app alone; each handler named is made to raise.
"""

import contextlib
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import psutil
from celery import Celery
from celery.app.trace import build_tracer

import celeryscope
from support.processes import free_port
from support.receivers import tcp_receiver, unix_receiver
from support.udp import receiver

TASKS = 20_000
_WARM_UP = 5_000
_CHUNK = 500
_FAILS_EVERY = 10
_BROKEN = ("celeryscope.worker.instrumentation.wait_ms", "celeryscope.worker.running.Running.end")

app = Celery("faults", broker="memory://", set_as_current=False)
app.conf.task_ignore_result = True


@app.task(name="shop.orders.tasks.price", shared=False, throws=(ValueError,))
def price(amount: int) -> int:
    if amount % _FAILS_EVERY == 0:
        raise ValueError(amount)
    return amount * 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a process did and saw: times by chunks of tasks, and resident memory in KiB."""

    right: int
    us_per_task: list[float]
    slowest_ms: float
    kib_before: int
    kib_after: int

    @property
    def kib_grown(self) -> int:
        return self.kib_after - self.kib_before


def run_tasks(address: str, broken: list[str]) -> Outcome:
    if address != "none":
        celeryscope.instrument(app, statsd=address)
    with contextlib.ExitStack() as faults:
        for handler in broken:
            faults.enter_context(patch(handler, _raise))
        trace = build_tracer(price.name, price, app=app)

        def run(number: int) -> bool:
            answer = trace(str(number), [number], {}, _request(number))
            if number % _FAILS_EVERY == 0:
                return isinstance(answer.retval.exception, ValueError)
            return bool(answer.retval == number * 2)

        _measured(run, _WARM_UP)
        return _measured(run, TASKS)


def _raise(*_: object, **__: object) -> None:
    raise RuntimeError("injected")


def _measured(run: Callable[[int], bool], tasks: int) -> Outcome:
    kib_before = _resident_kib()
    right, slowest, chunks = 0, 0.0, []
    for first in range(0, tasks, _CHUNK):
        # Celery's own failures leave cycles, which would look like growth.
        gc.collect()
        began = last = time.perf_counter()
        for number in range(first, first + _CHUNK):
            right += run(number)
            now = time.perf_counter()
            slowest = max(slowest, now - last)
            last = now
        chunks.append((last - began) / _CHUNK * 1e6)
    kib_after = _resident_kib()
    return Outcome(right, chunks, slowest * 1000, kib_before, kib_after)


def _request(number: int) -> dict[str, object]:
    return {
        "id": str(number),
        "hostname": "celery@host",
        "celeryscope_published": time.time(),
        "delivery_info": {"exchange": "", "routing_key": "celery"},
    }


def _resident_kib() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss // 1024)


def unresolvable() -> AbstractContextManager[str]:
    return nullcontext("no-such-host.invalid:8125")


def down() -> AbstractContextManager[str]:
    return nullcontext("127.0.0.1:1")


def tcp_down() -> AbstractContextManager[str]:
    return nullcontext(f"tcp://127.0.0.1:{free_port()}")


@contextlib.contextmanager
def healthy() -> Iterator[str]:
    with receiver() as heard:
        yield heard.address


@contextlib.contextmanager
def full_unix_socket() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        unix_receiver(Path(folder) / "statsd.sock") as heard,
    ):
        yield heard.address


@contextlib.contextmanager
def tcp_never_read() -> Iterator[str]:
    # The kernel accepts for those who listen; nobody ever reads.
    with tcp_receiver() as heard:
        yield heard.address


FAULTS: Mapping[str, Callable[[], AbstractContextManager[str]]] = {
    "none": lambda: nullcontext("none"),
    "healthy": healthy,
    "down": down,
    "unresolvable": unresolvable,
    "full unix socket": full_unix_socket,
    "tcp never read": tcp_never_read,
    "tcp down": tcp_down,
    "raising handlers": healthy,
}


def outcome_of(fault: str) -> Outcome:
    """Run the tasks in a new process under a fault."""
    broken = _BROKEN if fault == "raising handlers" else ()
    with FAULTS[fault]() as address:
        done = subprocess.run(
            [sys.executable, "-m", "support.faults", address, *broken],
            check=True,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
    return Outcome(**json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps(asdict(run_tasks(sys.argv[1], sys.argv[2:]))))  # noqa: T201 - its answer
