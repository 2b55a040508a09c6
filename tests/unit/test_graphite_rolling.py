import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.aggregates import AGGREGATES
from celeryscope.graphite.budget import Budget
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
