from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope import statistics
from celeryscope.sketch import Distribution, Distributions
from support.fake_store import NOTHING

VALUES = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 1000.0]


def read(name: str, *samples: Sequence[float], count: float | None = None) -> list[float]:
    """Read a statistic of one cell for each list of samples, all listened to for 10 s."""
    reading = statistics.reading(name)
    assert reading is not None, name
    cells = Distributions.of([Distribution.of(values, count) for values in samples])
    return list(reading(cells, np.full(len(samples), 10.0)))


# What node statsd 0.10 gives for VALUES at a sample rate of 0.5.
NODE = {
    "count": 20,
    "count_ps": 2,
    "lower": 10,
    "upper": 1000,
    "sum": 1450,
    "sum_squares": 1_028_500,
    "mean": 145,
    "median": 55,
    "std": 286.0506948,
    "count_90": 9,
    "mean_90": 50,
    "upper_90": 90,
    "sum_90": 450,
    "count_25": 3,
    "upper_25": 30,
    "upper_99_9": 1000,
    "count_top10": 1,
    "mean_top10": 1000,
    "lower_top10": 1000,
    "sum_top10": 1000,
    "lower_top20": 90,
    "sum_top20": 1090,
    "sum_top100": 1450,
    "sum_squares_90": 28_500,
    "sum_squares_top10": 1_000_000,
    "sum_squares_top100": 1_028_500,
}


@pytest.mark.parametrize(("name", "value"), NODE.items())
def test_statistics_are_those_of_node_statsd(name: str, value: float) -> None:
    within = 0.0202 if name.startswith("sum_squares") else 0.01
    assert read(name, VALUES, count=20) == [pytest.approx(value, rel=within)]


@pytest.mark.parametrize("name", ["count_3", "mean_3", "upper_3", "sum_3", "mean_top3", "sum_top3"])
def test_a_threshold_too_small_for_the_samples_has_no_value(name: str) -> None:
    several, single = read(name, VALUES, [7.0])
    assert np.isnan(several)
    assert single == (1 if name == "count_3" else 7)


@given(
    st.lists(st.floats(0.001, 1e6), min_size=2, max_size=50),
    st.floats(0.5, 100).map(lambda p: round(p, 1)),
)
def test_lowest_and_highest_are_within_one_percent(samples: list[float], percent: float) -> None:
    ordered, suffix = sorted(samples), f"{percent:g}".replace(".", "_")
    rank = int(percent / 100 * len(samples) + 0.5)
    if rank:
        lowest, highest = ordered[:rank], ordered[-rank:]
        expected = {
            f"upper_{suffix}": lowest[-1],
            f"sum_{suffix}": sum(lowest),
            f"mean_{suffix}": sum(lowest) / rank,
            f"lower_top{suffix}": highest[0],
            f"sum_top{suffix}": sum(highest),
            f"mean_top{suffix}": sum(highest) / rank,
        }
        for name, value in expected.items():
            assert read(name, samples) == [pytest.approx(value, rel=0.0101)]
        for name, part in {suffix: lowest, f"top{suffix}": highest}.items():
            squares = sum(value * value for value in part)
            assert read(f"sum_squares_{name}", samples) == [pytest.approx(squares, rel=0.0203)]


def test_the_highest_are_as_exact_as_the_lowest_however_few_they_are() -> None:
    assert read("sum_top1", [100.0] * 100) == [pytest.approx(100, rel=0.01)]
    assert read("sum_squares_top1", [100.0] * 100) == [pytest.approx(10_000, rel=0.0202)]


def test_an_idle_timer_counts_zero_where_it_was_listened_to() -> None:
    cells = Distributions.of([NOTHING, NOTHING])
    seconds = np.array([10.0, 0.0])
    for name in statistics.names((90, -10)):
        reading = statistics.reading(name)
        assert reading is not None
        expected = [0, np.nan] if name in {"count", "count_ps"} else [np.nan, np.nan]
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(reading(cells, seconds), expected, name)


def test_the_names_of_thresholds_are_nodes_own() -> None:
    plain = set(statistics.names(()))
    assert set(statistics.names((99.9, -10))) - plain == {
        *("count_99_9", "mean_99_9", "upper_99_9", "sum_99_9", "sum_squares_99_9"),
        *("count_top10", "mean_top10", "lower_top10", "sum_top10", "sum_squares_top10"),
    }


@pytest.mark.parametrize(
    "name",
    ["", "upper_0", "upper_101", "upper_", "upper_top10", "lower_90", "median_9", "upper_9x"],
)
def test_what_is_no_statistic_is_not_read(name: str) -> None:
    assert statistics.reading(name) is None
