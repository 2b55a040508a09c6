import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.span import Span
from support.graphite_gauges import START, Points, only, points

X = "stats.gauges.x"
COUNTER: Points = [5, 7, None, 9, 12, 2, 3]


@pytest.mark.parametrize(
    ("target", "name", "expected"),
    [
        ("derivative({})", "derivative({})", [None, 2, None, None, 3, -10, 1]),
        (
            "nonNegativeDerivative({})",
            "nonNegativeDerivative({})",
            [None, 2, None, None, 3, None, 1],
        ),
        (
            "nonNegativeDerivative({},15)",
            "nonNegativeDerivative({})",
            [None, 2, None, None, 3, 6, 1],
        ),
        (
            "nonNegativeDerivative({},15,1)",
            "nonNegativeDerivative({})",
            [None, 2, None, None, 3, 5, 1],
        ),
        (
            "nonNegativeDerivative({},minValue=1)",
            "nonNegativeDerivative({})",
            [None, 2, None, None, 3, 1, 1],
        ),
        (
            "nonNegativeDerivative({},10)",
            "nonNegativeDerivative({})",
            [None, 2, None, None, None, None, 1],
        ),
        ("perSecond({})", "perSecond({})", [None, 0.2, None, None, 0.3, None, 0.1]),
        ("scaleToSeconds({},5)", "scaleToSeconds({},5)", [2.5, 3.5, None, 4.5, 6, 1, 1.5]),
        ("integral({})", "integral({})", [5, 12, None, 21, 33, 35, 38]),
        (
            "integralByInterval({},'30s')",
            "integralByInterval({},'30s')",
            [5, 12, 12, 9, 21, 23, 3],
        ),
        ("delay({},2)", "delay({},2)", [None, None, 5, 7, None, 9, 12]),
        ("delay({},-5)", "delay({},-5)", [2, 3, None, None, None, None, None]),
        ("delay({},0)", "delay({},0)", COUNTER),
        ("delay({},99)", "delay({},99)", [None] * 7),
        ("changed({})", "changed({})", [0, 1, 0, 1, 1, 1, 1]),
    ],
)
def test_what_changes_or_adds_up_is_shown(target: str, name: str, expected: Points) -> None:
    series = only(target.format(X), x=COUNTER)
    assert (series.name, points(series)) == (name.format(X), expected)


def test_nothing_has_changed_where_nothing_was_known_before() -> None:
    assert points(only(f"changed({X})", x=[None, 3, None, 3, 4])) == [0, 0, 0, 0, 1]


def test_rates_do_not_depend_on_how_many_points_are_drawn() -> None:
    span = Span(START, START + 60, 2)
    rising: Points = [0, 10, 20, 30, 40, 50]
    assert points(only(f"perSecond({X})", span, x=rising)) == [1, 1]
    assert points(only(f"scaleToSeconds({X},1)", span, x=[10.0] * 6)) == [1, 1]
    assert points(only(f"integral({X})", span, x=[1.0] * 6)) == [3, 6]


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30))
def test_a_derivative_adds_up_to_the_series_again(values: list[int]) -> None:
    summed = only(f"integral(derivative({X}))", x=list(values)).values[1:]
    np.testing.assert_array_equal(summed + values[0], values[1:])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_a_counter_that_is_never_reset_gives_its_growth(growth: list[int]) -> None:
    counter = np.cumsum(growth).astype(float).tolist()
    shown = only(f"nonNegativeDerivative({X})", x=counter).values[1:]
    np.testing.assert_array_equal(shown, growth[1:])
