"""Real Celery workers for tests."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from support.processes import Running, running, wait_until

TESTS = Path(__file__).parents[1]


@contextlib.contextmanager
def worker(
    folder: Path,
    env: Mapping[str, str],
    app: str = "support.sample_app",
    options: tuple[str, ...] = ("--concurrency", "2"),
    python: str | Path = sys.executable,
) -> Iterator[Running]:
    """Run a prefork worker, without gossip and the like; yields when it takes tasks."""
    command = [python, "-m", "celery", "-A", app, "worker", "--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", *options]
    path = f"{env['PYTHONPATH']}:{TESTS}" if "PYTHONPATH" in env else str(TESTS)
    log = folder / "worker.log"
    with running(command, log, {**env, "PYTHONPATH": path}, cwd=folder) as started:
        wait_until(
            lambda: " ready." in started.output() or started.process.poll() is not None,
            within=60,
            what="the worker",
        )
        assert started.process.poll() is None, started.output()
        yield started
