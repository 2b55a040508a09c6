"""Percentiles over 30 days of 1,000 timers at the 10-minute tier: of all merged, and of one."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Series
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row

TIMERS = 1000
STEP = 600
STEPS = 30 * 86_400 // STEP
START = 1_700_000_400
END = START + STEPS * STEP
ROUNDS = 15
# Log-normal runtimes of this spread and number fall into some 8 different buckets a step.
RUNS = 10
SPREAD = 0.12


def run() -> Report:
    """Store the month and put it in order; then read, each time another percentile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(DuckDBStore.open(Path(folder), parse_retentions("10m:2y"), lambda: END)) as store,
    ):
        fill(store)
        timers = [node.series for node in store.find(Kind.TIMER, ["*"]) if node.series]
        every = [measured(store, timers, percent) for percent in range(1, ROUNDS + 1)]
        hundred = [measured(store, timers[:100], percent) for percent in range(1, ROUNDS + 1)]
        one = [measured(store, [timer], 99) for timer in timers[:: TIMERS // ROUNDS]]
    rows = [Row("all merged", "ms", every), Row("one", "ms", one), Row("100 merged", "ms", hundred)]
    return Report(rows, {"all_ms": rows[0].median, "one_ms": rows[1].median})


def fill(store: DuckDBStore) -> None:
    """Write every step's runs of every timer, and tidy as the server does."""
    choose = np.random.default_rng(1)
    middles = choose.uniform(1, 6, TIMERS)
    runs = [
        [Distribution.of(choose.lognormal(middle, SPREAD, RUNS)) for _ in range(10)]
        for middle in middles
    ]
    for at in range(START, END, STEP):
        drawn = choose.integers(0, 10, TIMERS)
        timers = {f"timer{i}": runs[i][drawn[i]] for i in range(TIMERS)}
        store.write(Flush(at, STEP, timers=timers))
        store.maintain(at + STEP)
        while store.tidy(at + STEP):
            continue


def measured(store: DuckDBStore, timers: Sequence[Series], percent: float) -> float:
    """Return the milliseconds that a percentile of all the timers' runs takes."""
    began = time.perf_counter()
    window = store.window(START, END, points=1)
    value = store.timers([timers], window).cells.percentile(percent)
    took = 1000 * (time.perf_counter() - began)
    if not np.isfinite(value).all():
        raise AssertionError("the month is not there")
    return took
