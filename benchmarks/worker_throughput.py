"""What monitoring takes from the throughput of a real worker, whose tasks do nothing else.

All monitors send to our own server on the same machine. How a server reads is part of what a
datagram costs its sender: one that is woken for each costs some 10 us more a datagram.
"""

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import psutil
from celery import Celery
from redis import Redis

import celeryscope
from harness import FOLDER, Report, Row
from support.processes import redis_server, running
from support.server import celeryscope_server

MONITORS = ("none", "celeryscope", "floor", "article", "opentelemetry", "events")
# The article's listing has its port fixed, and all of 127.0.0.0/8 is this machine.
STATSD_HOST = "127.8.1.25"
STATSD = f"{STATSD_HOST}:8125"
POOLS = {"solo": ("--pool", "solo"), "prefork": ("--concurrency", "2")}
ROUNDS = 15
TASKS = 1000
PRELOAD = "preload"
Watched = tuple[str, str]
"""A pool and a monitor."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How fast a batch went, and what it took of the worker's processes."""

    tasks_per_second: float
    cpu_us_per_task: float


Batches = Mapping[Watched, list[Batch]]


def run() -> Report:
    """Hand each worker the same batch by turns, so that all see the same machine."""
    batches: Batches = {(pool, monitor): [] for pool in POOLS for monitor in MONITORS}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(redis_server(folder))
        redis = stack.enter_context(Redis.from_url(url, socket_timeout=None))
        stack.enter_context(celeryscope_server(folder, ["--statsd", STATSD]))
        workers = {key: stack.enter_context(monitored(*key, url, folder)) for key in batches}
        messages = published(url, redis)
        for key, worker in workers.items():  # the first batch fills caches and opens sockets
            worked_off(redis, key, worker, messages)
        for turn in range(ROUNDS):
            for key in in_turn(list(batches), turn):
                batches[key].append(worked_off(redis, key, workers[key], messages))
    return report(batches)


def in_turn(keys: list[Watched], turn: int) -> list[Watched]:
    """Go there and back, so that a drift of the machine favours nobody."""
    return keys[::-1] if turn % 2 else keys


def report(batches: Batches) -> Report:
    rates = {key: [batch.tasks_per_second for batch in run] for key, run in batches.items()}
    cpu = {key: [batch.cpu_us_per_task for batch in run] for key, run in batches.items()}
    rows = [Row(", ".join(key), "tasks/s", values) for key, values in rates.items()]
    rows += [Row(f"{', '.join(key)}, CPU", "us/task", values) for key, values in cpu.items()]
    shares = {
        monitor: {pool: percent(rates, pool, monitor) for pool in POOLS} for monitor in MONITORS
    }
    ours = shares["celeryscope"]
    return Report(
        rows,
        {
            "percent_of_none": min(ours.values()),
            **{f"{pool}_percent_of_none": ours[pool] for pool in POOLS},
            **{f"{name}_percent_of_none": min(shares[name].values()) for name in MONITORS[2:]},
            **{f"{pool}_cpu_percent": percent(cpu, pool, "celeryscope") for pool in POOLS},
            **{f"{pool}_none_spread_percent": spread(rates[pool, "none"]) for pool in POOLS},
        },
    )


def percent(values: Mapping[Watched, list[float]], pool: str, monitor: str) -> float:
    """Compare batches that ran one after the other, and take the median."""
    pairs = zip(values[pool, monitor], values[pool, "none"], strict=True)
    return median(100 * watched / alone for watched, alone in pairs)


def spread(values: list[float]) -> float:
    """Return the range between the quartiles in percent of the median."""
    low, middle, high = quantiles(values, n=4)
    return 100 * (high - low) / middle


def published(url: str, redis: Redis) -> list[bytes | str]:
    """Return a batch of messages as they lie in Redis, the last to be taken first."""
    with Celery("bench", broker=url, set_as_current=False) as client:
        celeryscope.instrument(client, statsd=STATSD)
        for _ in range(TASKS - 1):
            client.send_task("bench.tasks.nothing", queue=PRELOAD)
        client.send_task("bench.tasks.finish", queue=PRELOAD)
    return list(redis.lrange(PRELOAD, 0, -1))


def worked_off(
    redis: Redis, key: Watched, worker: psutil.Process, messages: list[bytes | str]
) -> Batch:
    redis.rpush("ready", *messages)
    before, began = cpu_seconds(worker), time.perf_counter()
    redis.rename("ready", "-".join(key))
    if redis.blpop(["finished"], timeout=120) is None:
        raise TimeoutError(f"the worker {key} did not finish")
    seconds, cpu = time.perf_counter() - began, cpu_seconds(worker) - before
    return Batch(len(messages) / seconds, cpu / len(messages) * 1e6)


def cpu_seconds(worker: psutil.Process) -> float:
    times = [process.cpu_times() for process in (worker, *worker.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


@contextlib.contextmanager
def monitored(pool: str, monitor: str, url: str, folder: Path) -> Iterator[psutil.Process]:
    queue = f"{pool}-{monitor}"
    env = {
        "BENCH_MONITOR": monitor,
        "BENCH_REDIS": url,
        "GRAPHITE_HOST": STATSD_HOST,
        "PYTHONPATH": str(FOLDER / "peers"),
    }
    command = [sys.executable, "-m", "celery", "-A", "noop_app", "worker", "-l", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", *POOLS[pool]]
    command += ["--queues", queue, "--hostname", f"{queue}@%h"]
    command += ["--task-events"] if monitor == "events" else []
    with running(command, folder / f"{queue}.log", env, cwd=folder) as started:
        yield psutil.Process(started.process.pid)
