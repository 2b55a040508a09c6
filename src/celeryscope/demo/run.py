"""The demo's processes: the server here, a worker and a load beside it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from celeryscope.demo.shop import KINDS
from celeryscope.demo.tasks import BROKER_VARIABLE, FOLDER_VARIABLE
from celeryscope.server import Server
from celeryscope.settings import Settings, variable_name

DEFAULTS = {"admin": "off", "flush_interval": "2s", "retentions": "2s:1d,10s:2d,1m:30d,10m:2y"}
_CONCURRENCY = 4
_STOP_SECONDS = 10
_WATCH_SECONDS = 0.5
_LOG_TAIL = 2000


class DemoError(Exception):
    """The worker or the load ended by itself; the message holds the end of its log."""


@contextmanager
def demo_folder() -> Iterator[Path]:
    """Yield a folder for the demo's data and messages, which goes with the demo."""
    prefix = "celeryscope-demo-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def run_demo(
    server: Server, settings: Settings, folder: Path, broker: str, seconds: float | None
) -> None:
    """Serve, with a worker and a load, until Ctrl-C or for `seconds`.

    Raises:
        DemoError: The worker or the load ended by itself.
    """
    environ = _environment(server, settings, folder, broker)
    with ExitStack() as stack:
        children = [
            stack.enter_context(_child(name, command, folder, environ))
            for name, command in _commands().items()
        ]
        watch = _Watch(server, children, seconds)
        stack.callback(watch.stop)
        watch.start()
        server.run()
    if watch.failure:
        raise DemoError(watch.failure)


@dataclass(frozen=True, slots=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class _Watch(Thread):
    """Stops the server when the time is over or a child has ended."""

    def __init__(self, server: Server, children: Sequence[_Child], seconds: float | None) -> None:
        super().__init__(name="demo-watch", daemon=True)
        self._server = server
        self._children = children
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._stopping = Event()
        self.failure = ""

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            dead = next((c for c in self._children if c.process.poll() is not None), None)
            if dead is not None:
                self.failure = _explained(dead)
            if self.failure or (self._deadline and time.monotonic() >= self._deadline):
                self._server.stop()
                return


def _explained(dead: _Child) -> str:
    tail = dead.log.read_text(errors="replace")[-_LOG_TAIL:].strip()
    failure = f"the {dead.name} ended with {dead.process.returncode}:\n{tail}"
    if "No module named" in tail:
        failure += "\nA broker needs packages of its own: pip install 'celery[redis]' packaging"
    return failure


def _commands() -> dict[str, list[str]]:
    queues = ",".join(sorted({kind.queue for kind in KINDS}))
    worker = [sys.executable, "-m", "celery", "-A", "celeryscope.demo.celery_app", "worker"]
    worker += ["--pool", "prefork", "--concurrency", str(_CONCURRENCY), "--queues", queues]
    worker += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    return {"worker": worker, "load": [sys.executable, "-m", "celeryscope.demo.load"]}


def _environment(
    server: Server, settings: Settings, folder: Path, broker: str
) -> Mapping[str, str]:
    return {
        **os.environ,
        BROKER_VARIABLE: broker,
        FOLDER_VARIABLE: str(folder),
        variable_name("statsd"): str(server.statsd),
        variable_name("prefix"): settings.prefix,
        variable_name("layout"): settings.layout.value,
    }


@contextmanager
def _child(
    name: str, command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[_Child]:
    """Run a command in a process group of its own, and end the whole group after."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _Child(name, process, log)
    finally:
        process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        finally:  # also when a second Ctrl-C cuts the wait short
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
