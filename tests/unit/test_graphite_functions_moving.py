import numpy as np
import pytest

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.span import Span
from support.graphite_gauges import START, Points, drawn, only, points

X = "stats.gauges.x"
BEFORE, SPAN = START - 30, Span(START, START + 40)
VALUES: Points = [1, 2, 6, 4, None, None, 3]  # the first three are from before the range


@pytest.mark.parametrize(
    ("target", "name", "expected"),
    [
        ("movingAverage({},2)", "movingAverage({},2)", [5, 4, None, 3]),
        ('movingAverage({},"20s")', 'movingAverage({},"20s")', [5, 4, None, 3]),
        ("movingAverage({},'-20s')", 'movingAverage({},"-20s")', [5, 4, None, 3]),
        ("movingAverage({},2,1)", "movingAverage({},2)", [5, None, None, None]),
        ("movingMedian({},3)", "movingMedian({},3)", [4, 5, 4, 3]),
        ("movingSum({},3)", "movingSum({},3)", [12, 10, 4, 3]),
        ("movingMin({},3)", "movingMin({},3)", [2, 4, 4, 3]),
        ("movingMax({},3)", "movingMax({},3)", [6, 6, 4, 3]),
        ("movingWindow({},3,'range')", "movingRange({},3)", [4, 2, 0, 0]),
        ("movingWindow({},3)", "movingAverage({},3)", [4, 5, 4, 3]),
        (
            "exponentialMovingAverage({},3)",
            "exponentialMovingAverage({},3)",
            [3.5, None, None, 3.25],
        ),
        (
            "exponentialMovingAverage({},'30s')",
            'exponentialMovingAverage({},"30s")',
            [3.0645, None, None, 3.0604],
        ),
        ("stdev({},2)", "stdev({},2)", [0, 0, None, 0]),
    ],
)
def test_a_window_reaches_back_before_the_range(target: str, name: str, expected: Points) -> None:
    series = only(target.format(X), SPAN, BEFORE, x=VALUES)
    assert (series.name, series.start, series.end) == (name.format(X), SPAN.start, SPAN.end)
    assert points(series) == expected


def test_windows_add_up_what_lies_before_them() -> None:
    series = only(f"movingSum(movingSum({X},2),2)", SPAN, BEFORE, x=[1] * 7)
    assert points(series) == [4, 4, 4, 4]


def test_a_window_of_points_is_as_long_as_the_longest_step() -> None:
    target = f"movingSum(summarize({X},'20s','sum',true),2)"
    series = only(target, Span(START, START + 40), START - 40, x=[1] * 8)
    assert (series.start, series.step, points(series)) == (START, 20, [4, 4])


def test_a_window_shorter_than_a_step_holds_one_value() -> None:
    assert points(only(f"movingAverage({X},'3s')", SPAN, BEFORE, x=VALUES)) == [4, None, None, 3]


def test_a_window_that_reaches_before_all_time_holds_what_there_is() -> None:
    series = only(f"movingSum({X},'9y')", Span(10, 50), 10, x=[1, 2, 3, 4])
    assert points(series) == [1, 3, 6, 10]


def test_a_deviation_needs_a_share_of_its_window() -> None:
    values: Points = [1, 3, None, 5, 5]
    assert points(only(f"stdev({X},2,1)", x=values)) == [None, 1, None, None, 0]
    assert points(only(f"stdev({X},4)", x=values)) == [0, 1, 1, 1.633, 0.9428]


def test_the_share_that_must_be_known_may_be_set_before() -> None:
    target = f"movingAverage(setXFilesFactor({X},1),2)"
    assert points(only(target, SPAN, BEFORE, x=VALUES)) == [5, None, None, None]


def test_an_exponential_average_of_a_constant_is_that_constant() -> None:
    series = only(f"exponentialMovingAverage({X},3)", SPAN, BEFORE, x=[0.1] * 7)
    np.testing.assert_allclose(series.values, 0.1)


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "'1x'", "true"])
def test_a_window_must_have_a_size(size: str) -> None:
    with pytest.raises(TargetError, match=r"windowSize is .*; allowed is a number of points, or"):
        drawn(f"movingAverage({X},{size})", x=[1])
