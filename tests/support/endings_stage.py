"""Makes every ending happen in real workers, and keeps what was counted of each."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery import Celery

import celeryscope
from celeryscope.naming import Paths
from support.brokers import file_broker
from support.endings import ENDINGS, GREEN, Ending
from support.processes import Running, wait_until
from support.udp import Receiver, receiver
from support.workers import TESTS, worker

ROOT = TESTS.parent
CELERIES = ROOT / ".cache" / "celeries"
SOURCE = ROOT / "src"
HELD_BACK = {"warm_shutdown", "cold_shutdown"}
COLD_QUEUE = "cold"
SETTLED_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Where endings happen: a version of Celery, a broker and a pool."""

    celery: str
    broker: str
    pool: str

    def __str__(self) -> str:
        return f"{self.celery}-{self.broker}-{self.pool}"

    def has(self, ending: Ending) -> bool:
        return (
            self.pool in ending.pools
            and self.broker in ending.brokers
            and self.celery in ending.celeries
        )

    @property
    def endings(self) -> list[Ending]:
        return [ending for ending in ENDINGS if self.has(ending)]

    @property
    def python(self) -> Path:
        if self.celery == "newest" and self.pool not in GREEN:
            return Path(sys.executable)  # the one beside the tests, so that any Python can be shown
        path = CELERIES / self.celery / "bin" / "python"
        assert path.exists(), f"{path} is missing: run scripts/celeries (scripts/test does it)"
        return path


@dataclass(frozen=True, slots=True)
class Counted:
    """All that one task left: counters by leaf, and the number of run times."""

    counts: Mapping[str, int]
    runtimes: int


@dataclass(frozen=True, slots=True)
class Played:
    """What was counted of each ending, and every counter there was."""

    endings: Mapping[str, Counted]
    counters: Mapping[str, int]

    def total(self, family: str, leaf: str) -> int:
        return sum(
            count
            for name, count in self.counters.items()
            if name.startswith(f"celery.{family}.") and name.endswith(f".{leaf}")
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A publisher, and a receiver of all that it and its workers send."""

    client: Celery
    heard: Receiver

    def publish(self, ending: str, options: Mapping[str, Any] | None = None) -> str:
        sent = self.client.send_task(f"endings.{ending}.task", **(options or {}))
        return str(sent.id)

    def counted(self, ending: str) -> Counted:
        path = Paths().task(f"endings.{ending}.task")
        counts = self.heard.counts()
        mine = {
            name.removeprefix(f"{path}."): count
            for name, count in counts.items()
            if name.startswith(f"{path}.")
        }
        return Counted(mine, len(self.heard.times(f"{path}.runtime")))

    def wait_for_start(self, ending: str) -> None:
        wait_until(lambda: self.counted(ending).counts.get("prerun"), what=f"start of {ending}")

    def revoke_running(self, ending: str, signal: str = "SIGTERM") -> None:
        task_id = self.publish(ending)
        self.wait_for_start(ending)
        self.client.control.revoke(task_id, terminate=True, signal=signal)

    def revoke_queued(self, ending: str) -> None:
        task_id = str(uuid4())
        self.client.control.revoke(task_id, reply=True, limit=1, timeout=10)
        self.publish(ending, {"task_id": task_id})

    def settle(self, endings: list[Ending]) -> None:
        """Wait until all are counted; what is missing by then is for the table to tell."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: all(map(self._is_settled, endings)), within=SETTLED_WITHIN)

    def _is_settled(self, ending: Ending) -> bool:
        return difference(ending, self.counted(ending.name)) == {}


def difference(ending: Ending, counted: Counted) -> dict[str, tuple[int, int]]:
    """Return the counted and the expected number of all that is not as the table says."""
    expected = {**ending.counts, "runtime": ending.runtimes}
    found = {**counted.counts, "runtime": counted.runtimes}
    return {
        leaf: (found.get(leaf, 0), expected.get(leaf, 0))
        for leaf in expected.keys() | found.keys()
        if found.get(leaf, 0) != expected.get(leaf, 0)
        and not (leaf in ending.perhaps and leaf not in found)
    }


def _draw(kind: str) -> Callable[[Stage], object]:
    return lambda stage: stage.client.send_task("endings.helpers.draw", [kind])


def _yesterday() -> datetime:
    return datetime.now(timezone.utc) - timedelta(days=1)


ACTS: Mapping[str, Callable[[Stage], object]] = {
    "replacement": lambda _: None,
    "eager": lambda stage: stage.client.send_task("endings.helpers.call_in_place"),
    "chain": _draw("chain"),
    "group": _draw("group"),
    "chord": _draw("chord"),
    "revoked_running": lambda stage: stage.revoke_running("revoked_running"),
    "revoked_by_kill": lambda stage: stage.revoke_running("revoked_by_kill", signal="SIGKILL"),
    "revoked_unheeded": lambda stage: stage.revoke_running("revoked_unheeded"),
    "revoked_queued": lambda stage: stage.revoke_queued("revoked_queued"),
    "expired": lambda stage: stage.publish("expired", {"expires": _yesterday()}),
    "expired_waiting": lambda stage: stage.publish(
        "expired_waiting", {"countdown": 2.5, "expires": 2.0}
    ),
}
"""How to bring about what takes more than to publish the ending's task."""


def play(setting: Setting, broker: str, results: str, folder: Path) -> Played:
    """Make all of a setting's endings happen; return what was counted of each."""
    env = {
        "ENDINGS_BROKER": broker,
        "ENDINGS_RESULTS": results,
        "ENDINGS_FOLDER": str(folder),
        "PYTHONPATH": str(SOURCE),
    }
    with staged(broker, folder) as stage:
        env["CELERYSCOPE_STATSD"] = stage.heard.address
        options = ("--pool", setting.pool, "--concurrency", "4")
        with worker(folder, env, "support.endings_app", options, setting.python) as started:
            act(stage, setting)
            if "cold_shutdown" in {ending.name for ending in setting.endings}:
                shut_down_cold(stage, setting, env, folder / "cold")
            stage.settle([one for one in setting.endings if one.name not in HELD_BACK])
            stage.publish("warm_shutdown")
            stage.wait_for_start("warm_shutdown")
            end(started, signal.SIGTERM)
        counted = {ending.name: stage.counted(ending.name) for ending in setting.endings}
        return Played(counted, stage.heard.counts())


def act(stage: Stage, setting: Setting) -> None:
    """Publish all tasks; those that take more than that come last."""
    stage.client.send_task("celery.backend_cleanup")
    names = [one.name for one in setting.endings if one.name not in HELD_BACK]
    for name in sorted(names, key=lambda name: name in ACTS):
        ACTS.get(name, lambda stage, name=name: stage.publish(name))(stage)


def shut_down_cold(stage: Stage, setting: Setting, env: Mapping[str, str], folder: Path) -> None:
    folder.mkdir()
    options = ("--concurrency", "1", "--queues", COLD_QUEUE, "--hostname", "cold@%h")
    with worker(folder, env, "support.endings_app", options, setting.python) as started:
        stage.publish("cold_shutdown", {"queue": COLD_QUEUE})
        stage.wait_for_start("cold_shutdown")
        end(started, signal.SIGQUIT)


def end(started: Running, number: signal.Signals) -> None:
    """Tell a worker's main process to end, and wait until it has."""
    os.kill(started.process.pid, number)
    wait_until(lambda: started.process.poll() is not None, what="the worker's end")


@contextlib.contextmanager
def staged(broker: str, folder: Path) -> Iterator[Stage]:
    with receiver() as heard, Celery("endings", broker=broker, set_as_current=False) as client:
        if broker.startswith("filesystem:"):
            client.conf.broker_transport_options = file_broker(folder)
        celeryscope.instrument(client, statsd=heard.address)
        yield Stage(client, heard)
