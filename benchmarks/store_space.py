"""Bytes on disk for a day at 10 s of 500 timers and 2,000 counters, beside Whisper's.

50 timers are busy in every interval, the rest run one to three times a minute. Whisper keeps an
archive `10s:1d` for each statistic of StatsD's: 14 of a timer with its one percentile, 2 of a
counter.
"""

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import whisper

from celeryscope.flush import Flush
from celeryscope.sketch import Distribution
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row

TIMERS, BUSY, COUNTERS = 500, 50, 2000
STEP, DAY = 10, 86_400
START = 1_700_000_400
STATISTICS = 14 * TIMERS + 2 * COUNTERS
BUSY_RUNS = 20
SPREAD = 0.5
MB = 1e6


def run() -> Report:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = stored(Path(folder)) / MB, whispered(Path(folder)) * STATISTICS / MB
    rows = [Row("celeryscope", "MB", [ours]), Row("whisper", "MB", [theirs])]
    return Report(rows, {"ratio_bytes": ours / theirs})


def stored(folder: Path) -> int:
    """Write the day as the server does, and return the file's size at its end."""
    choose = np.random.default_rng(1)
    end = START + DAY
    with closing(DuckDBStore.open(folder, parse_retentions("10s:1d"), lambda: end)) as store:
        for at in range(START, end, STEP):
            store.write(interval(choose, at))
            store.maintain(at + STEP)
            while store.tidy(at + STEP):
                continue
    return (folder / FILE).stat().st_size


def interval(choose: np.random.Generator, at: int) -> Flush:
    """Return ten seconds of runs, in milliseconds with three decimals as workers send them."""
    runs = np.zeros(TIMERS, dtype=np.int64)
    runs[:BUSY] = choose.poisson(BUSY_RUNS, BUSY) + 1
    runs[BUSY:] = choose.binomial(3, 2 / 3 * STEP / 60, TIMERS - BUSY)
    times = choose.lognormal(np.repeat(np.arange(TIMERS) % 6 + 1.0, runs), SPREAD).round(3)
    parts = np.split(times, np.cumsum(runs)[:-1])
    timers = {
        f"task{i}.runtime": Distribution.of(part) for i, part in enumerate(parts) if part.size
    }
    counts = choose.poisson(5, COUNTERS).tolist()
    counters = {f"task{i}.count": float(count) for i, count in enumerate(counts) if count}
    return Flush(at, STEP, counters, timers=timers)


def whispered(folder: Path) -> int:
    """Return the size of one statistic's file."""
    file = folder / "one.wsp"
    whisper.create(str(file), [(STEP, DAY // STEP)])
    return file.stat().st_size
