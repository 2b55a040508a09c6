"""`celeryscope demo`: charts move, and all of it ends cleanly."""

import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from support.processes import accepts, free_port, running, wait_until
from support.server import ServerUnderTest

SUCCESSES = "sumSeries(stats.counters.celery.task.*.*.*.success.count)"


@contextmanager
def demo(folder: Path, *flags: str) -> Iterator[ServerUnderTest]:
    http_port, statsd_port = free_port(), free_port(socket.SOCK_DGRAM)
    command = [sys.executable, "-m", "celeryscope", "demo", *flags]
    command += ["--http", f"127.0.0.1:{http_port}", "--statsd", f"127.0.0.1:{statsd_port}"]
    with running(command, folder / "demo.log", {"TMPDIR": str(folder)}) as process:
        yield ServerUnderTest(http_port, statsd_port, process)


def wait_for_successes(server: ServerUnderTest, since: float, least: int) -> None:
    wait_until(lambda: accepts(server.http_port), 60, what="the page")
    wait_until(lambda: server.total(SUCCESSES, since) >= least, 60, what="successes")


def children(server: ServerUnderTest) -> list[psutil.Process]:
    return psutil.Process(server.running.process.pid).children(recursive=True)


def works(process: psutil.Process) -> bool:
    """Tell whether a process is alive, and not just waiting for init to bury it."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_moves_and_a_signal_ends_all_of_it(tmp_path: Path, number: int) -> None:
    since = time.time()
    with demo(tmp_path) as server:
        wait_for_successes(server, since, 20)
        started = children(server)
        assert len(started) >= 6
        server.running.process.send_signal(number)
        assert server.running.process.wait(30) == 0, server.running.output()
        assert not [child for child in started if child.is_running()]
    assert not list(tmp_path.glob("celeryscope-demo-*"))
    assert "Traceback" not in server.running.output()


def test_a_second_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    since = time.time()
    with demo(tmp_path) as server:
        wait_for_successes(server, since, 20)
        started = children(server)
        (log,) = tmp_path.glob("celeryscope-demo-*/worker.log")
        server.running.process.send_signal(signal.SIGINT)
        wait_until(lambda: "Warm shutdown" in log.read_text(), what="the worker's last moments")
        server.running.process.send_signal(signal.SIGINT)
        server.running.process.wait(30)
        # Killed at once: a worker that ends by itself takes seconds.
        wait_until(lambda: not any(map(works, started)), 1, what="their end")


def test_the_demo_ends_by_itself_after_the_time_given(tmp_path: Path) -> None:
    began = time.monotonic()
    with demo(tmp_path, "--for", "10s", "--data", str(tmp_path / "kept")) as server:
        assert server.running.process.wait(60) == 0, server.running.output()
    assert time.monotonic() - began >= 10
    assert (tmp_path / "kept" / "celeryscope.duckdb").exists()


def test_a_broker_that_is_not_there_ends_the_demo_with_its_reason(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with demo(tmp_path, "--broker", url) as server:
        assert server.running.process.wait(90) == 1
    assert "Connection refused" in server.running.output()
