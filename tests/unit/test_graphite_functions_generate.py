import math

import numpy as np
import pytest

from celeryscope.graphite.errors import RequestError, TargetError
from celeryscope.graphite.span import Span
from support.graphite_gauges import START, drawn, only, points

SPAN = Span(START, START + 180)


def test_a_constant_line_has_the_points_of_all_series() -> None:
    line = only("constantLine(5)", Span(START, START + 30))
    assert (line.name, line.path) == ("5.0", "constantLine(5.0)")
    assert points(line) == [5, 5, 5]


def test_a_threshold_may_have_a_label_and_a_color() -> None:
    plain, dressed = only("threshold(5)", SPAN), only("threshold(5,'too much','red')", SPAN)
    assert (plain.name, plain.options) == ("5.0", {})
    assert (dressed.name, dressed.options) == ("too much", {"color": "red"})


def test_a_vertical_line_is_one_point_in_the_range() -> None:
    line = only(f"verticalLine('{START + 60}','release','blue')", SPAN)
    assert (line.name, line.start, line.step, points(line)) == ("release", START + 60, 1, [1])
    assert line.options == {"drawAsInfinite": True, "color": "blue"}
    assert only("verticalLine('now-1min')", SPAN).name == f"verticalLine({START + 120})"
    with pytest.raises(TargetError, match=f"ts is {START - 1}; allowed is a time from {START} to"):
        drawn(f"verticalLine({START - 1})", SPAN)


@pytest.mark.parametrize("function", ["identity('t')", "timeFunction('t')", "time('t',60)"])
def test_time_itself_may_be_shown(function: str) -> None:
    line = only(function, SPAN)
    assert (line.name, line.step) == ("t", 60)
    assert line.values.tolist() == [START, START + 60, START + 120]


def test_a_sine_is_that_of_the_time() -> None:
    line = only("sin('s',3,90)", SPAN)
    assert (line.name, line.step) == ("s", 90)
    np.testing.assert_allclose(line.values, [3 * math.sin(START), 3 * math.sin(START + 90)])


def test_a_random_walk_makes_small_steps_from_zero() -> None:
    values = only("randomWalk('w',1)", SPAN).values
    assert values[0] == 0
    assert np.all(np.abs(np.diff(values)) <= 0.5)
    assert np.unique(values).size > 1


def test_what_is_made_is_counted_as_what_is_read() -> None:
    with pytest.raises(RequestError, match="needs more than 10,000,000 values"):
        drawn("sin('s',1,1)", Span(0, 10_000_001))
