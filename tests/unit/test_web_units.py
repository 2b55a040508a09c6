import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.web import units

_FACTORS = {"ms": 1.0, "s": 1e3, "m": 60e3}


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.00 ms"),
        (0.42, "0.42 ms"),
        (4.21, "4.2 ms"),
        (312, "312 ms"),
        (999.6, "1.00 s"),
        (1840, "1.84 s"),
        (41_200, "41.2 s"),
        (59_960, "1.0 m"),
        (132_000, "2.2 m"),
        (52 * 60_000, "52 m"),
        ((9 * 60 + 41) * 60_000, "9 h 41 m"),
        (3_599_999, "1 h 0 m"),
        ((12 * 24 + 4) * 3_600_000, "12 d 4 h"),
    ],
)
def test_durations_take_the_largest_unit_of_which_there_is_one(
    milliseconds: float, text: str
) -> None:
    assert str(units.duration(milliseconds)) == text


@given(st.floats(min_value=1, max_value=590_000))
def test_a_duration_is_within_a_few_percent_of_what_it_says(milliseconds: float) -> None:
    said = units.duration(milliseconds)
    assert float(said.number) * _FACTORS[said.unit] == pytest.approx(milliseconds, rel=0.051)


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(19.13, "19.1 /s"), (1.5, "1.50 /s"), (0.5, "30.0 /min"), (0.001, "3.60 /h"), (0, "0.00 /s")],
)
def test_rates_take_the_unit_that_leaves_a_digit_before_the_point(
    per_second: float, text: str
) -> None:
    assert str(units.rate(per_second)) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0, "0.00 %"),
        (0.00001, "< 0.01 %"),
        (0.0124, "1.24 %"),
        (0.09996, "10.0 %"),
        (0.5, "50.0 %"),
        (1, "100.0 %"),
    ],
)
def test_shares_are_percent(ratio: float, text: str) -> None:
    assert str(units.percent(ratio)) == text


@pytest.mark.parametrize("text", [units.rate, units.percent, units.duration, units.count])
def test_no_value_is_a_dash(text: object) -> None:
    assert callable(text)
    assert str(text(math.nan)) == units.NOTHING


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300, "5 minutes"),
        (3600, "1 hour"),
        (6 * 3600, "6 hours"),
        (90 * 60, "90 minutes"),
        (86400, "1 day"),
        (90 * 86400, "90 days"),
        (365 * 86400, "1 year"),
        (10, "10 seconds"),
        (5587, "93 minutes"),
        (0.4, "1 second"),
    ],
)
def test_spans_are_said_in_words(seconds: float, text: str) -> None:
    assert units.span(seconds) == text
