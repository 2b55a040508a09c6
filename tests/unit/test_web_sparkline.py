import numpy as np

from celeryscope.web.sparkline import area, line, sparkline

GAP = np.nan


def test_zero_lies_at_the_bottom_and_the_highest_value_on_top() -> None:
    assert line(np.array([0.0, 10.0, 5.0])) == "M0.0,22.0L60.0,2.0L120.0,12.0"


def test_a_gap_breaks_line_and_area() -> None:
    values = np.array([1.0, 1.0, GAP, 1.0, 1.0])
    assert line(values) == "M0.0,2.0L30.0,2.0M90.0,2.0L120.0,2.0"
    assert area(values).count("z") == 2


def test_a_value_between_gaps_is_a_dot() -> None:
    assert line(np.array([GAP, 3.0, GAP])) == "M60.0,2.0h.1"


def test_only_zeros_lie_on_the_floor() -> None:
    assert line(np.zeros(2)) == "M0.0,22.0L120.0,22.0"


def test_nothing_known_draws_nothing() -> None:
    assert line(np.full(3, GAP)) == line(np.empty(0)) == ""
    assert 'd=""' in sparkline(np.full(3, GAP), "wait")
