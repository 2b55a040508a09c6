from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import floor, inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope import statistics
from celeryscope.sketch import Distribution, Distributions
from celeryscope.timers import TimerStatistics

VALUES = [90.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 1000.0]
# What node statsd 0.9 gives for VALUES at a sample rate of 0.5, flushed every 10 s.
NODE = {
    "count": 20,
    "count_ps": 2,
    "lower": 10,
    "upper": 1000,
    "sum": 1450,
    "sum_squares": 1_028_500,
    "mean": 145,
    "median": 55,
    "std": 286.0506948077561,
    "count_90": 9,
    "mean_90": 50,
    "upper_90": 90,
    "sum_90": 450,
    "sum_squares_90": 28_500,
    "count_99_9": 10,
    "mean_99_9": 145,
    "upper_99_9": 1000,
    "sum_99_9": 1450,
    "sum_squares_99_9": 1_028_500,
    "count_top20": 2,
    "mean_top20": 545,
    "lower_top20": 90,
    "sum_top20": 1090,
    "sum_squares_top20": 1_008_100,
}
UP_TO_ALL = st.floats(0.5, 100).map(lambda p: round(p, 1))
BEYOND_ALL = st.floats(0.5, 150).map(lambda p: round(p, 1))


def statistics_of(
    *thresholds: float, values: list[float] | None = None, exact: bool = True
) -> dict[str, float]:
    timer = Distribution.of(VALUES if values is None else values, 20)
    timer = timer if exact else replace(timer, values=None)
    return alone(TimerStatistics(thresholds), timer)


def alone(made: TimerStatistics, timer: Distribution, name: str = "a.t") -> dict[str, float]:
    return every(made, {name: timer})[name]


def every(made: TimerStatistics, timers: Mapping[str, Distribution]) -> dict[str, dict[str, float]]:
    """Return each timer's statistics in 10 seconds."""
    return {
        name: {
            statistic: value
            for statistic, value in zip(table.statistics, row.tolist(), strict=True)
            if not isnan(value)
        }
        for table in made.of(timers, 10.0)
        for name, row in zip(table.names, table.values, strict=True)
    }


def nodes_own(values: Sequence[float], thresholds: Sequence[float]) -> dict[str, float]:
    """Return what node makes of a timer's values, one step after the other as it does."""
    ordered, n = sorted(values), len(values)
    sums, squares = [0.0, *accumulate(ordered)], [0.0, *accumulate(v * v for v in ordered)]
    mean = sums[-1] / n
    found = {
        "count": float(n),
        "count_ps": n / 10.0,
        "lower": ordered[0],
        "upper": ordered[-1],
        "sum": sums[-1],
        "sum_squares": squares[-1],
        "mean": mean,
        "median": (ordered[(n - 1) // 2] + ordered[n // 2]) / 2,
        "std": sqrt([*accumulate((v - mean) * (v - mean) for v in ordered)][-1] / n),
    }
    for threshold in thresholds:
        k = 1 if n == 1 else floor(abs(threshold) / 100 * n + 0.5)
        if k:
            end = n if threshold < 0 else k
            name, edge = statistics.suffix(threshold), "lower" if threshold < 0 else "upper"
            total = sums[end] - sums[end - k]
            found[f"count_{name}"] = float(k)
            found[f"mean_{name}"] = total / k
            found[f"{edge}_{name}"] = ordered[end - k if threshold < 0 else k - 1]
            found[f"sum_{name}"] = total
            found[f"sum_squares_{name}"] = squares[end] - squares[end - k]
    return found


TIMES = st.floats(0, 1e6) | st.integers(0, 9).map(float)


@given(
    st.lists(st.lists(TIMES, min_size=1, max_size=12), max_size=12),
    st.sets(UP_TO_ALL | UP_TO_ALL.map(lambda p: -p), max_size=3).map(tuple),
)
def test_many_timers_have_the_statistics_of_each_to_the_last_bit(
    timers: list[list[float]], thresholds: tuple[float, ...]
) -> None:
    made = {f"t{i}": Distribution.of(values) for i, values in enumerate(timers)}
    assert every(TimerStatistics(thresholds), made) == {
        f"t{i}": nodes_own(values, thresholds) for i, values in enumerate(timers)
    }


@pytest.mark.parametrize("size", [129, 1000, 4097])
def test_a_timer_of_many_samples_has_nodes_statistics_to_the_last_bit(size: int) -> None:
    values = np.random.default_rng(size).lognormal(5, 2, size).tolist()
    thresholds = (50.0, 99.9, -10.0)
    made = alone(TimerStatistics(thresholds), Distribution.of(values))
    assert made == nodes_own(values, thresholds)


def test_timers_with_and_without_samples_at_hand_are_told_apart() -> None:
    at_hand, gone = Distribution.of(VALUES), replace(Distribution.of([3.0]), values=None)
    found = every(TimerStatistics((4.0, 90.0)), {"a": at_hand, "b": gone, "c": at_hand})
    assert found["a"] == found["c"] == nodes_own(VALUES, (4.0, 90.0))
    assert found["b"] == nodes_own([3.0], (4.0, 90.0))


def test_statistics_are_those_of_node_statsd() -> None:
    assert statistics_of(90, 99.9, -20) == NODE


def test_without_samples_they_are_within_one_percent() -> None:
    found = statistics_of(90, 99.9, -20, exact=False)
    assert found.keys() == NODE.keys()
    for name, value in found.items():
        within = 0.0202 if name.startswith("sum_squares_") else 0.01
        assert value == pytest.approx(NODE[name], rel=within), name


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=40), UP_TO_ALL)
def test_they_agree_with_what_is_read_over_a_span(values: list[float], percent: float) -> None:
    cells = Distributions.of([Distribution.of(values, 20)])
    found = statistics_of(percent, -percent, values=values)
    for name in statistics.names((percent, -percent)):
        reading = statistics.reading(name)
        assert reading is not None
        (value,) = reading(cells, np.array([10.0]))
        if name == "std":
            assert value == pytest.approx(found[name], rel=1e-6, abs=1e-6 * max(values))
        else:
            assert (
                np.isnan(value)
                if name not in found
                else value == pytest.approx(found[name], rel=0.0203)
            )


@pytest.mark.parametrize("exact", [True, False])
@given(values=st.lists(st.floats(0, 1e6), min_size=2, max_size=40), percent=BEYOND_ALL)
def test_a_threshold_takes_as_many_of_the_lowest_as_of_the_highest(
    values: list[float], percent: float, *, exact: bool
) -> None:
    found = statistics_of(percent, -percent, values=values, exact=exact)
    digits = statistics.digits(percent)
    taken = min(int(percent / 100 * len(values) + 0.5), len(values))
    if taken:
        assert found[f"count_{digits}"] == found[f"count_top{digits}"] == taken
        assert found[f"mean_{digits}"] <= found[f"mean_top{digits}"] * 1.0203 + 1e-9
    else:
        assert f"count_{digits}" not in found
    if taken == len(values):
        assert found[f"sum_{digits}"] == found[f"sum_top{digits}"] == found["sum"]


@pytest.mark.parametrize("exact", [True, False])
def test_a_threshold_too_small_for_the_samples_has_no_statistics(*, exact: bool) -> None:
    assert [name for name in statistics_of(4.9, -4.9, exact=exact) if "4_9" in name] == []
    assert statistics_of(5, exact=exact)["upper_5"] == 10


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("threshold", [1, 90, -1, -90, 150])
def test_a_single_sample_is_what_each_threshold_takes(threshold: float, *, exact: bool) -> None:
    found = statistics_of(threshold, values=[7.0], exact=exact)
    suffix, edge = statistics.suffix(threshold), "lower" if threshold < 0 else "upper"
    assert {name: value for name, value in found.items() if name.endswith(f"_{suffix}")} == {
        f"count_{suffix}": 1,
        f"mean_{suffix}": 7,
        f"{edge}_{suffix}": 7,
        f"sum_{suffix}": 7,
        f"sum_squares_{suffix}": 49,
    }


@pytest.mark.parametrize("exact", [True, False])
def test_a_threshold_that_takes_all_samples_is_the_whole(*, exact: bool) -> None:
    found = statistics_of(-90, 150, -150, values=[1.0, 2.0], exact=exact)
    for suffix in ("top90", "150", "top150"):
        assert found[f"count_{suffix}"] == 2
        assert found[f"sum_{suffix}"] == 3
        assert found[f"mean_{suffix}"] == 1.5
        assert found[f"sum_squares_{suffix}"] == 5
    assert found["lower_top90"] == found["lower_top150"] == 1
    assert found["upper_150"] == 2


def test_more_samples_than_memory_holds_are_read_from_their_histogram() -> None:
    one = Distribution.of([5.0, 10.0])
    many = replace(one, samples=2 * 10**12, counts=one.counts * 10**12, values=None)
    found = alone(TimerStatistics((50,), (("", (7.0, inf)),)), many)
    assert found["count_50"] == found["histogram.bin_7"] == found["histogram.bin_inf"] == 10**12
    assert found["upper_50"] == pytest.approx(5, rel=0.01)


def bins(name: str, *, exact: bool = True) -> dict[str, float]:
    made = TimerStatistics(
        (), (("fast.", (0.5, 30, 55.5)), ("fast", (1,)), ("", (50, inf))), frozenset({"histogram"})
    )
    timer = Distribution.of(VALUES)
    return alone(made, timer if exact else replace(timer, values=None), name)


@pytest.mark.parametrize("exact", [True, False])
def test_bins_are_those_of_the_first_part_that_fits(*, exact: bool) -> None:
    assert bins("a.fast.t", exact=exact) == {
        "histogram.bin_0_5": 0,
        "histogram.bin_30": 2,
        "histogram.bin_55_5": 3,
    }
    assert bins("a.faster", exact=exact) == {"histogram.bin_1": 0}
    assert sum(bins("slow", exact=exact).values()) == 10


def test_timers_of_one_flush_have_each_their_own_bins() -> None:
    made = TimerStatistics((), (("fast", (1,)), ("slow", (50, inf))), frozenset({"histogram"}))
    assert every(made, dict.fromkeys(("fast", "slow", "other"), Distribution.of(VALUES))) == {
        "fast": {"histogram.bin_1": 0},
        "slow": {"histogram.bin_50": 4, "histogram.bin_inf": 6},
        "other": {},
    }


def test_a_bin_ends_below_its_bound() -> None:
    assert bins("slow") == {"histogram.bin_50": 4, "histogram.bin_inf": 6}


def test_only_wanted_statistics_are_made() -> None:
    wanted = frozenset({"count", "upper_percent", "sum_squares_percent"})
    made = TimerStatistics((90, 99.9, -10), (("", (5, inf)),), wanted)
    assert set(alone(made, Distribution.of(VALUES))) == {
        *("count", "upper_90", "upper_99_9"),
        *("sum_squares_90", "sum_squares_99_9", "sum_squares_top10"),
    }
    assert made.idle(["t"]).statistics == ["count"]


def test_an_idle_timer_counts_nothing() -> None:
    names, found, values = TimerStatistics().idle(["a", "b"])
    assert (names, found) == (["a", "b"], ["count", "count_ps"])
    assert values.tolist() == [[0, 0], [0, 0]]
