"""What monitoring costs a successful task, in CPU time of the process that runs it."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import IO, cast

from harness import Report, Row
from support.processes import redis_server

MONITORS = ("none", "celeryscope", "article", "opentelemetry", "events", "floor")
ROUNDS = 75
TASKS = 150
TRACED_TASKS = Path(__file__).parent / "peers" / "traced_tasks.py"
# The article's listing has its port fixed, and all of 127.0.0.0/8 is this machine.
STATSD = ("127.8.1.25", 8125)


def run() -> Report:
    """Run the same task under each monitor by turns, so that all see the same machine."""
    values: dict[str, list[float]] = {monitor: [] for monitor in MONITORS}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(redis_server(folder))
        stack.enter_context(drained_receiver())
        processes = {name: stack.enter_context(monitored(name, redis)) for name in MONITORS}
        for process in processes.values():  # the first tasks fill caches and open sockets
            us_per_task(process)
        for _ in range(ROUNDS):
            for monitor, process in processes.items():
                values[monitor].append(us_per_task(process))
    return report(values)


def report(values: dict[str, list[float]]) -> Report:
    added = {
        monitor: [value - base for value, base in zip(values[monitor], values["none"], strict=True)]
        for monitor in MONITORS[1:]
    }
    cost = {monitor: median(differences) for monitor, differences in added.items()}
    return Report(
        [Row("none", "us", values["none"])]
        + [Row(f"+ {monitor}", "us", differences) for monitor, differences in added.items()],
        {
            "us_per_task": cost["celeryscope"],
            "ratio_to_article": cost["celeryscope"] / cost["article"],
            "ratio_to_opentelemetry": cost["celeryscope"] / cost["opentelemetry"],
            "ratio_to_events": cost["celeryscope"] / cost["events"],
            "ratio_to_floor": cost["celeryscope"] / cost["floor"],
        },
    )


def us_per_task(process: "subprocess.Popen[str]") -> float:
    print(TASKS, file=process.stdin, flush=True)
    answer = cast("IO[str]", process.stdout).readline()
    if not answer:
        raise RuntimeError(f"{process.args!r} ended early, with exit code {process.wait()}")
    return float(answer)


@contextlib.contextmanager
def monitored(monitor: str, redis: str) -> Iterator["subprocess.Popen[str]"]:
    host, port = STATSD
    command = [sys.executable, str(TRACED_TASKS), monitor, host, str(port), redis]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@contextlib.contextmanager
def drained_receiver() -> Iterator[None]:
    """Listen where all monitors send to, and read what comes until an empty datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(STATSD)

        def drain() -> None:
            while listening.recv(65536):
                continue

        thread = threading.Thread(target=drain)
        thread.start()
        try:
            yield
        finally:
            listening.sendto(b"", STATSD)
            thread.join()
