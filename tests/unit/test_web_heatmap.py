import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.sketch import Distribution, Distributions
from celeryscope.web.heatmap import heatmap

_TIMES = st.lists(st.floats(0.02, 1e8), min_size=1, max_size=20)


@given(st.lists(_TIMES, min_size=1, max_size=200))
def test_no_run_is_lost_and_all_lie_within_their_bounds(intervals: list[list[float]]) -> None:
    heat = heatmap(Distributions.of([Distribution.of(times) for times in intervals]))
    assert sum(runs for _, _, runs in heat.cells) == sum(map(len, intervals))
    assert all(
        any(
            heat.bounds[row] * 0.985 <= time <= heat.bounds[row + 1] * 1.015
            for part in intervals[column * heat.width : (column + 1) * heat.width]
            for time in part
        )
        for column, row, _ in heat.cells
    )
    assert -(-len(intervals) // heat.width) <= 90


def test_rows_have_round_bounds_around_the_runs() -> None:
    heat = heatmap(Distributions.of([Distribution.of([21.0, 22.0, 180.0])]))
    assert [heat.bounds[0], heat.bounds[-1]] == [16, 250]
    (first, second) = heat.cells
    assert (heat.bounds[first[1]], first[2]) == (20, 2)
    assert (heat.bounds[second[1]], second[2]) == (160, 1)
    assert heat.summary == "Most runs, 67%, took 20 ms to 25 ms."


def test_times_beyond_the_rows_fall_into_the_outermost() -> None:
    heat = heatmap(Distributions.of([Distribution.of([0.0, 1e12])]))
    rows = [row for _, row, _ in heat.cells]
    assert rows == [0, len(heat.bounds) - 2]


def test_nothing_ran_is_not_drawn() -> None:
    empty = Distribution(
        0, 0, np.nan, np.nan, np.nan, np.nan, np.empty(0, np.int16), np.empty(0, np.int64)
    )
    assert not heatmap(Distributions.of([empty])).drawn
