"""Real neighbours for tests: started on free ports, each in a process group of its own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def required(program: str, package: str) -> str:
    """Return a program's path; a missing one fails the test and says what to install."""
    path = shutil.which(program)
    assert path, f"{program} is missing: `apt-get install {package}` (scripts/test does it as root)"
    return path


def wait_until(condition: Callable[[], T], within: float = 30.0, what: str = "") -> T:
    """Return `condition()` as soon as it is true; fail when it has not been `within` seconds."""
    deadline = time.monotonic() + within
    while not (result := condition()):
        name = what or getattr(condition, "__name__", "condition")
        assert time.monotonic() < deadline, f"{name} was not met within {within} s"
        time.sleep(0.02)
    return result


@dataclass
class Running:
    """A started process, its log and its process group."""

    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def stop(self, within: float = 15.0) -> int:
        """Ask the whole group to end, then make it; return the leader's exit code."""
        self.signal_group(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            return self.kill()
        finally:
            self.signal_group(signal.SIGKILL)

    def kill(self) -> int:
        self.signal_group(signal.SIGKILL)
        return self.process.wait()


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[Running]:
    """Start a command in its own process group, and stop the whole group in the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    started = Running(process, log)
    try:
        yield started
    finally:
        started.stop()


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a real Redis without persistence; yields its URL."""
    port = free_port()
    command = [required("redis-server", "redis-server"), "--port", str(port), "--save", ""]
    command += ["--bind", "127.0.0.1", "--dir", str(folder)]
    with running(command, folder / "redis.log") as redis:
        wait_until(lambda: accepts(port) or redis.process.poll() is not None, what="redis")
        assert redis.process.poll() is None, redis.output()
        yield f"redis://127.0.0.1:{port}/0"
