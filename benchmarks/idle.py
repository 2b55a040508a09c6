"""What the server needs while nothing comes: memory, and CPU time by the second."""

import tempfile
import time
from pathlib import Path

import psutil

from celeryscope.demo.shop import KINDS
from celeryscope.metrics import CATALOGUE, Family, Kind
from celeryscope.naming import Paths
from harness import Report, Row
from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

ROUNDS = 6
ROUND_SECONDS = 10.0
MIB = 1024 * 1024


def run() -> Report:
    """Load the demo's names, wait until they are stored, then leave the server alone."""
    with (
        tempfile.TemporaryDirectory() as folder,
        celeryscope_server(Path(folder)) as server,
    ):
        load_names(server)
        process = psutil.Process(server.running.process.pid)
        resident, cpu = [], []
        for _ in range(ROUNDS):
            cpu.append(cpu_percent(process))
            resident.append(process.memory_info().rss / MIB)
    rows = [Row("resident memory", "MiB", resident), Row("CPU of one core", "%", cpu)]
    return Report(rows, {"rss_mb": rows[0].median, "cpu_percent": rows[1].median})


def load_names(server: ServerUnderTest) -> None:
    """Send each metric of each of the demo's tasks once, and wait for the flush."""
    since = time.time()
    leaves = [m for m in CATALOGUE if m.family is Family.TASK]
    lines = [
        f"{Paths().task(kind.name)}.{metric.leaf.replace('*', 'Error')}:1|{_TYPES[metric.kind]}"
        for kind in KINDS
        for metric in leaves
    ]
    server.send(*(line.encode() for line in lines))
    stored = "stats.counters.celery.task.*.*.*.success.count"
    wait_until(lambda: server.total(stored, since) == len(KINDS), what="the names")


def cpu_percent(process: psutil.Process) -> float:
    began, before = time.monotonic(), process.cpu_times()
    time.sleep(ROUND_SECONDS)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 100 * used / (time.monotonic() - began)


_TYPES = {Kind.COUNTER: "c", Kind.TIMER: "ms"}
