"""A day of a task that seldom runs, with a heavy tail: its statistics stay true at every roll-up.

Beside it is printed what StatsD and Graphite make of the day (`pytest -rP`): each flush's
statistics, of one to three runs, averaged.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from celeryscope import statistics
from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution, Floats
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Window
from support.stores import START, opened, series

DAY, STEP = 86_400, 300
TIERS = (300, 1800, 7200)
BEGAN = START // DAY * DAY
THRESHOLDS = {"upper_90": 0.9, "upper_99": 0.99, "mean_90": 0.9}


def day() -> list[Floats]:
    """Return each flush's runs, in milliseconds."""
    random = np.random.default_rng(4)
    counts = random.integers(1, 4, DAY // STEP)
    times = 40 * (1 + random.pareto(1.5, counts.sum()))
    return np.split(times, np.cumsum(counts)[:-1])


FLUSHES = day()


def by_statsd(statistic: str, times: Floats) -> float:
    """Return a statistic of some runs by StatsD's own rule."""
    lowest = np.sort(times)[: max(round(THRESHOLDS[statistic] * times.size), 1)]
    return float(lowest.mean() if statistic.startswith("mean") else lowest[-1])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBStore]:
    folder = tmp_path_factory.mktemp("day")
    with opened(folder, "5m:2d,30m:30d,2h:2y", now=BEGAN + DAY) as made:
        for place, times in enumerate(FLUSHES):
            made.write(Flush(BEGAN + STEP * place, STEP, timers={"task": Distribution.of(times)}))
        made.maintain(BEGAN + DAY)
        yield made


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("statistic", THRESHOLDS)
def test_a_day_is_true_within_one_percent(store: DuckDBStore, statistic: str, tier: int) -> None:
    exact = by_statsd(statistic, np.concatenate(FLUSHES))
    reading = statistics.reading(statistic)
    assert reading
    cells = store.timers([series(store, Kind.TIMER)], Window(BEGAN, DAY, 1, tier)).cells
    [ours] = reading(cells, np.array([float(DAY)]))
    graphite = np.mean([by_statsd(statistic, times) for times in FLUSHES])
    sys.stdout.write(
        f"{statistic} {exact:.1f} ms; from {tier} s {ours:.1f}, StatsD + Graphite {graphite:.1f}\n"
    )
    assert ours == pytest.approx(exact, rel=0.01)
