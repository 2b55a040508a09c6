"""Bytes on disk for a day at 10 s of 500 timers and 2,000 counters, beside Whisper's.

50 timers are busy in every interval, the rest run one to three times a minute. Whisper keeps an
archive `10s:1d` for each statistic of StatsD's: 14 of a timer with its one percentile, 2 of a
counter. The last rows tell how two hours grow with the number of series, a fifth of them timers.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import whisper

from celeryscope.flush import Flush
from celeryscope.sketch import Distribution
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row

TIMERS, BUSY, COUNTERS = 500, 50, 2000
STEP, HOUR, DAY = 10, 3600, 86_400
START = 1_700_000_400
STATISTICS = 14 * TIMERS + 2 * COUNTERS
BUSY_RUNS = 20
SPREAD = 0.5
MB = 1e6
GROWTH = (100, 1_000, 10_000)


@dataclass(frozen=True)
class Load:
    """How many series there are of each kind."""

    timers: int
    busy: int
    counters: int

    @classmethod
    def of(cls, series: int) -> "Load":
        """Return so many series, as they are mixed in the day that is compared."""
        timers = series * TIMERS // (TIMERS + COUNTERS)
        return cls(timers, timers * BUSY // TIMERS, series - timers)


def run() -> Report:
    with tempfile.TemporaryDirectory() as folder:
        ours = stored(Path(folder), Load(TIMERS, BUSY, COUNTERS), DAY) / MB
        theirs = whispered(Path(folder)) * STATISTICS / MB
    rows = [Row("celeryscope", "MB", [ours]), Row("whisper", "MB", [theirs]), *growth()]
    return Report(rows, {"ratio_bytes": ours / theirs})


def growth() -> Iterator[Row]:
    for series in GROWTH:
        with tempfile.TemporaryDirectory() as folder:
            size = stored(Path(folder), Load.of(series), 2 * HOUR) / MB
        yield Row(f"celeryscope, {series} series, 2 h", "MB", [size])


def stored(folder: Path, load: Load, seconds: int) -> int:
    """Write a load as the server does, and return the file's size at its end."""
    choose = np.random.default_rng(1)
    end = START + seconds
    with closing(DuckDBStore.open(folder, parse_retentions("10s:1d"), lambda: end)) as store:
        for at in range(START, end, STEP):
            store.write(interval(choose, load, at))
            store.maintain(at + STEP)
            while store.tidy(at + STEP):
                continue
    return (folder / FILE).stat().st_size


def interval(choose: np.random.Generator, load: Load, at: int) -> Flush:
    """Return ten seconds of runs, in milliseconds with three decimals as workers send them."""
    runs = np.zeros(load.timers, dtype=np.int64)
    runs[: load.busy] = choose.poisson(BUSY_RUNS, load.busy) + 1
    runs[load.busy :] = choose.binomial(3, 2 / 3 * STEP / 60, load.timers - load.busy)
    times = choose.lognormal(np.repeat(np.arange(load.timers) % 6 + 1.0, runs), SPREAD).round(3)
    parts = np.split(times, np.cumsum(runs)[:-1])
    timers = {
        f"task{i}.runtime": Distribution.of(part) for i, part in enumerate(parts) if part.size
    }
    counts = choose.poisson(5, load.counters).tolist()
    counters = {f"task{i}.count": float(count) for i, count in enumerate(counts) if count}
    return Flush(at, STEP, counters, timers=timers)


def whispered(folder: Path) -> int:
    """Return the size of one statistic's file."""
    file = folder / "one.wsp"
    whisper.create(str(file), [(STEP, DAY // STEP)])
    return file.stat().st_size
