"""How long a page takes to come, from a server that has heard six hours of 500 tasks.

The hours are written as the server would have: a flush each ten seconds, rolled up as it goes.
What a browser needs to draw the page is not in the figures.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np

from celeryscope.flush import Flush
from celeryscope.naming import Paths
from celeryscope.sketch import Counts, Distribution, Floats
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row
from support.server import celeryscope_server
from support.stores import RETENTIONS

HOURS = 6
STEP = 10
TASKS = 500
BUSY_TASKS = 50
RUNS_A_SECOND = 2.0  # of each busy task; the others have one to three a minute
FAILED = 0.01
ROUNDS = 40


def run() -> Report:
    """Write the hours, then ask for the pages by turns."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "data", time.time())
        with celeryscope_server(Path(folder)) as server, httpx.Client() as client:
            first = f"{server.url}/?range={HOURS}h"
            task = f"{server.url}/task/{task_name(0)}?range={HOURS}h"
            size = len(client.get(first).content)  # fills caches, too
            pairs = [(load_ms(client, first), load_ms(client, task)) for _ in range(ROUNDS)]
    first_ms, task_ms = zip(*pairs, strict=True)
    rows = [Row("first page", "ms", first_ms), Row("task page", "ms", task_ms)]
    return Report(
        rows,
        {
            "first_page_ms": rows[0].median,
            "task_page_ms": rows[1].median,
            "bytes_kb": size / 1000,
        },
    )


def load_ms(client: httpx.Client, url: str) -> float:
    began = time.perf_counter()
    client.get(url).raise_for_status()
    return (time.perf_counter() - began) * 1000


def write(folder: Path, end: float) -> None:
    with closing(DuckDBStore.open(folder, parse_retentions(RETENTIONS), lambda: end)) as store:
        for flush in flushes(end):
            store.write(flush)
            store.maintain(flush.start + flush.seconds)


def flushes(end: float) -> Iterator[Flush]:
    """Yield all flushes up to `end` (Unix time), the oldest first."""
    random = np.random.default_rng(7)
    runs_a_second = random.uniform(1, 3, TASKS) / 60
    runs_a_second[:BUSY_TASKS] = RUNS_A_SECOND
    run_times = random.lognormal(np.log(100), 1.5, TASKS)
    last = int(end) // STEP * STEP
    for start in range(last - HOURS * 3600, last, STEP):
        yield one_flush(start, random.poisson(runs_a_second * STEP), run_times, random)


def one_flush(start: int, runs: Counts, run_times: Floats, random: np.random.Generator) -> Flush:
    counters: dict[str, float] = {}
    timers: dict[str, Distribution] = {}
    failed = random.binomial(runs, FAILED)
    for number in np.flatnonzero(runs).tolist():
        path = Paths().task(task_name(number))
        ended = int(runs[number])
        counters |= {f"{path}.{leaf}": ended for leaf in ("published", "prerun", "postrun")}
        counters[f"{path}.success"] = ended - int(failed[number])
        if failed[number]:
            counters[f"{path}.failure"] = int(failed[number])
        timers[f"{path}.runtime"] = times(random, run_times[number], ended)
        timers[f"{path}.wait"] = times(random, 40.0, ended)
    return Flush(start, STEP, counters=counters, timers=timers)


def times(random: np.random.Generator, median: float, runs: int) -> Distribution:
    """Invent some times around a median, in ms."""
    return Distribution.of(random.lognormal(np.log(median), 0.5, runs))


def task_name(number: int) -> str:
    return f"shop.part{number % 20}.tasks.job{number}"
