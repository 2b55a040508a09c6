"""How true p90, p99 and mean_90 of a sparse day are after every roll-up, beside StatsD + Graphite.

A task runs one to three times a flush, with a heavy tail. StatsD takes each statistic of these few
runs; Graphite can only average those over the day, as Whisper does on the way.
"""

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np

from celeryscope import statistics
from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution, Floats
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Window
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row

STATISTICS = ("upper_90", "upper_99", "mean_90")
STEPS = (10, 60, 600)
RETENTIONS = "10s:2d,1m:30d,10m:2y"
START = 1_700_006_400
DAY = 86_400
MIDDLE, TAIL = 40.0, 1.5  # milliseconds, and the exponent of a Pareto tail


def run() -> Report:
    flushes = day()
    truth = exact(np.concatenate(flushes))
    graphite = np.mean([by_statsd(times) for times in flushes], axis=0)
    with tempfile.TemporaryDirectory() as folder:
        ours = {step: stored(Path(folder), flushes, step) for step in STEPS}
    rows = [
        Row(f"celeryscope from {step} s", "% off", errors(values, truth))
        for step, values in ours.items()
    ]
    theirs = Row("StatsD + Graphite", "% off", errors(graphite, truth))
    worst = max(max(row.values) for row in rows)
    result = {"error_percent": worst, "graphite_error_percent": max(theirs.values)}
    return Report([*rows, theirs], result)


def day() -> list[Floats]:
    choose = np.random.default_rng(4)
    counts = choose.integers(1, 4, DAY // 10)
    times = MIDDLE * (1 + choose.pareto(TAIL, counts.sum()))
    return np.split(times, np.cumsum(counts)[:-1])


def exact(times: Floats) -> Floats:
    """Return the statistics over all runs of the day, by StatsD's own rule."""
    return by_statsd(times)


def by_statsd(times: Floats) -> Floats:
    """Return what StatsD makes of one flush: of its smallest runs, as many as a threshold says."""
    ascending = np.sort(times)
    ninety, ninety_nine = (max(round(part * times.size), 1) for part in (0.9, 0.99))
    return np.array([ascending[ninety - 1], ascending[ninety_nine - 1], ascending[:ninety].mean()])


def stored(folder: Path, flushes: list[Floats], step: int) -> Floats:
    """Return the day's statistics as the tier of `step` has them."""
    end = START + DAY
    tiers = parse_retentions(RETENTIONS)
    with closing(DuckDBStore.open(folder, tiers, lambda: end)) as store:
        if store.series_count == 0:
            for i, times in enumerate(flushes):
                at = START + 10 * i
                store.write(Flush(at, 10, timers={"task": Distribution.of(times)}))
                store.maintain(at + 10)
        [node] = store.find(Kind.TIMER, ["task"])
        series = [one for one in [node.series] if one is not None]
        cells = store.timers([series], Window(START, DAY, 1, step)).cells
    seconds = np.array([float(DAY)])
    readings = (statistics.reading(name) for name in STATISTICS)
    return np.array([read(cells, seconds).item() for read in readings if read])


def errors(values: Floats, truth: Floats) -> list[float]:
    off: list[float] = (100 * np.abs(values - truth) / truth).tolist()
    return off
