import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.aggregates import AGGREGATES
from celeryscope.graphite.budget import Budget, LimitError, Limits
from celeryscope.graphite.rolling import known, rolled

VALUES = st.lists(st.just(np.nan) | st.integers(-1000, 1000), min_size=1, max_size=40)


@given(VALUES, st.integers(1, 50), st.sampled_from(sorted(AGGREGATES)))
def test_a_moving_window_is_the_aggregate_of_what_it_holds(
    values: list[float], size: int, aggregate: str
) -> None:
    array = np.array(values, dtype=np.float64)
    found = rolled(array, size, aggregate, Budget())
    for place in range(array.size):
        window = array[max(0, place - size + 1) : place + 1]
        held = window[~np.isnan(window)]
        expected = AGGREGATES[aggregate](held, 0) if held.size else np.nan
        np.testing.assert_allclose(found[place], expected, rtol=1e-12)
        assert known(array, size)[place] == held.size


def test_a_large_value_leaves_no_trace_behind_it() -> None:
    values = np.array([1e18, 0.1, 0.1, 0.1])
    assert rolled(values, 2, "sum", Budget()).tolist() == [1e18, 1e18 + 0.1, 0.2, 0.2]


@given(st.lists(st.just(np.nan) | st.integers(-9, 9), min_size=150, max_size=300))
def test_the_median_of_a_long_window_is_kept_as_it_moves(values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    found = rolled(array, 120, "median", Budget())
    for place in (0, 119, 120, array.size - 1):
        window = array[max(0, place - 119) : place + 1]
        held = window[~np.isnan(window)]
        expected = np.median(held) if held.size else np.nan
        np.testing.assert_equal(found[place], expected)


@pytest.mark.parametrize(("size", "aggregate"), [(1000, "stddev"), (100_000, "median")])
def test_a_window_is_charged_before_it_moves(size: int, aggregate: str) -> None:
    budget = Budget(Limits(values=10_000))
    with pytest.raises(LimitError, match="more than 1,000,000 steps of calculation"):
        rolled(np.arange(10_000.0), size, aggregate, budget)
    assert budget.steps >= 1_000_000
