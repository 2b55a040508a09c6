import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.errors import TargetError
from support.graphite_gauges import Points, drawn, only, points

X = "stats.gauges.x"
GIVEN: Points = [0, 1, None, -4, 0.25]


@pytest.mark.parametrize(
    ("call", "name", "expected", "tags"),
    [
        ("absolute({})", "absolute({})", [0, 1, None, 4, 0.25], {"absolute": "1"}),
        ("add({},2.7)", "add({},2)", [2.7, 3.7, None, -1.3, 2.95], {"add": "2.7"}),
        ("exp({})", "exp({})", [1, 2.7183, None, 0.0183, 1.284], {"exp": "e"}),
        ("invert({})", "invert({})", [None, 1, None, -0.25, 4], {"invert": "1"}),
        ("isNonNull({})", "isNonNull({})", [1, 1, 0, 1, 1], {"isNonNull": "1"}),
        ("log({})", "log({}, 10)", [None, 0, None, None, -0.6021], {"log": "10"}),
        ("log({},2)", "log({}, 2)", [None, 0, None, None, -2], {"log": "2"}),
        ("logit({})", "logit({})", [None, None, None, None, -1.0986], {"logit": "logit"}),
        ("minMax({})", "minMax({})", [0.8, 1, None, 0, 0.85], {}),
        ("offset({},-1)", "offset({},-1)", [-1, 0, None, -5, -0.75], {"offset": "-1.0"}),
        ("offsetToZero({})", "offsetToZero({})", [4, 5, None, 0, 4.25], {"offsetToZero": "-4.0"}),
        ("pow({},2)", "pow({},2)", [0, 1, None, 16, 0.0625], {"pow": "2.0"}),
        ("pow({},-0.5)", "pow({},-0.5)", [None, 1, None, None, 2], {"pow": "-0.5"}),
        ("pow({},0)", "pow({},0)", [1, 1, None, 1, 1], {"pow": "0.0"}),
        ("round({})", "round({})", [0, 1, None, -4, 0], {"round": "0"}),
        ("round({},1)", "round({},1)", [0, 1, None, -4, 0.2], {"round": "1"}),
        (
            "scale({},1000000)",
            "scale({},1e+06)",
            [0, 1e6, None, -4e6, 25e4],
            {"scale": "1000000.0"},
        ),
        ("sigmoid({})", "sigmoid({})", [0.5, 0.7311, None, 0.018, 0.5622], {"sigmoid": "sigmoid"}),
        ("squareRoot({})", "squareRoot({})", [0, 1, None, None, 0.5], {"squareRoot": "1"}),
    ],
)
def test_each_value_is_calculated_with(
    call: str, name: str, expected: Points, tags: dict[str, str]
) -> None:
    series = only(call.format(X), x=GIVEN)
    assert (series.name, points(series)) == (name.format(X), expected)
    assert series.path == series.name
    assert series.tags == {"name": X} | tags


@pytest.mark.parametrize("function", ["minMax", "offsetToZero", "round", "exp", "absolute"])
def test_what_is_unknown_stays_unknown(function: str) -> None:
    assert points(only(f"{function}(invert({X}))", x=[0, 0])) == [None, None]


def test_a_constant_series_has_no_extremes() -> None:
    assert points(only(f"minMax({X})", x=[3, 3])) == [0, 0]


def test_too_large_a_power_is_null() -> None:
    assert points(only(f"exp({X})", x=[1000])) == [None]
    assert points(only(f"pow({X},1000)", x=[1000])) == [None]


def test_a_logarithm_needs_a_base_above_one() -> None:
    with pytest.raises(TargetError, match="log: base is 1; allowed is a whole number from 2 on"):
        drawn(f"log({X},1)", x=[1])


@given(st.floats(-1e6, 1e6), st.integers(0, 8))
def test_values_round_as_decimals(value: float, precision: int) -> None:
    (rounded,) = only(f"round({X},{precision})", x=[value]).values
    assert rounded == round(value, precision)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_min_max_lies_between_zero_and_one(values: list[float]) -> None:
    series = only(f"minMax({X})", x=list(values))
    assert np.all((series.values >= 0) & (series.values <= 1))
    assert math.isclose(series.values.min(), 0)
