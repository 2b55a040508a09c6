import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphite_gauges import START, STEP, Points, only, points

X, Y = "stats.gauges.x", "stats.gauges.y"
GAPS: Points = [None, 1, None, None, 4, None, 0, None]
VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (f"keepLastValue({X})", [None, 1, 1, 1, 4, 4, 0, 0]),
        (f"keepLastValue({X},inf)", [None, 1, 1, 1, 4, 4, 0, 0]),
        (f"keepLastValue({X},1)", [None, 1, None, None, 4, 4, 0, 0]),
        (f"interpolate({X})", [None, 1, 2, 3, 4, 2, 0, None]),
        (f"interpolate({X},1)", [None, 1, None, None, 4, 2, 0, None]),
        (f"transformNull({X})", [0, 1, 0, 0, 4, 0, 0, 0]),
        (f"transformNull({X},-1.5)", [-1.5, 1, -1.5, -1.5, 4, -1.5, 0, -1.5]),
    ],
)
def test_gaps_are_filled(target: str, expected: Points) -> None:
    assert points(only(target, x=GAPS)) == expected


def test_nulls_are_shown_as_a_number_only_where_a_reference_is_known() -> None:
    target = f"transformNull({X},9,{Y})"
    series = only(target, x=GAPS, y=[1, 1, None, 1])
    assert series.name == f"transformNull({X},9,referenceSeries)"
    assert points(series) == [9, 1, None, 9, 4, None, 0, None]
    assert series.tags == {"name": X, "transformNull": "9.0", "referenceSeries": "1"}


def test_a_reference_of_longer_steps_counts_for_all_of_each() -> None:
    target = f"transformNull({X},9,summarize({Y},'40s','sum',true))"
    assert points(only(target, x=GAPS, y=[1])) == [9, 1, 9, 9, 4, None, 0, None]


def test_a_reference_of_shorter_steps_counts_if_any_of_them_does() -> None:
    target = f"transformNull(summarize({X},'40s','sum',true),9,{Y})"
    assert points(only(target, x=[None] * 8, y=[None, None, None, 1])) == [9, None]


@pytest.mark.parametrize(
    ("values", "first", "step", "expected"),
    [
        ([None, 1, None, None, 2, None, None, 3, None, None, 4, None], 1, 30, [1, 2, 3, 4]),
        ([None, 1, 2, None, 3, None, None, None], 0, 10, [None, 1, 2, None, 3, None, None, None]),
        ([None, 1, None, 2, None], 0, 10, [None, 1, None, 2, None]),
        ([None, None, 5], 0, 10, [None, None, 5]),
    ],
)
def test_a_regular_gap_is_a_longer_step(
    values: Points, first: int, step: int, expected: Points
) -> None:
    series = only(f"compressPeriodicGaps({X})", x=values)
    assert (series.start, series.step) == (START + first * STEP, step)
    assert points(series) == expected


@given(VALUES)
def test_filling_changes_no_known_value(values: Points) -> None:
    given_values = np.array([np.nan if v is None else v for v in values])
    known = ~np.isnan(given_values)
    for target in (f"keepLastValue({X})", f"interpolate({X})", f"transformNull({X},7)"):
        filled = only(target, x=values).values
        np.testing.assert_array_equal(filled[known], given_values[known])


@given(VALUES)
def test_what_was_interpolated_lies_between_its_neighbours(values: Points) -> None:
    filled = only(f"interpolate({X})", x=values).values
    known = [v for v in values if v is not None]
    inside = filled[~np.isnan(filled)]
    assert np.all(
        (inside >= min(known, default=0) - 1e-6) & (inside <= max(known, default=0) + 1e-6)
    )
