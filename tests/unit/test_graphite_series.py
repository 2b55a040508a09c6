from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.aggregates import AGGREGATES, CONSOLIDATIONS, canonical
from celeryscope.graphite.series import TimeSeries, aligned, consolidated, regrid

NAN = float("nan")


def series(
    values: Sequence[float], start: int = 0, step: int = 10, method: str = "sum"
) -> TimeSeries:
    return TimeSeries("s", start, step, np.array(values, dtype=np.float64), method)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("average", [2.5, NAN, 7]),
        ("avg_zero", [5 / 3, NAN, 7]),
        ("median", [2.5, NAN, 7]),
        ("sum", [5, NAN, 21]),
        ("min", [1, NAN, 6]),
        ("max", [4, NAN, 8]),
        ("diff", [3, NAN, -7]),
        ("stddev", [1.5, NAN, (2 / 3) ** 0.5]),
        ("count", [2, NAN, 3]),
        ("range", [3, NAN, 2]),
        ("multiply", [NAN, NAN, 336]),
        ("last", [1, NAN, 8]),
    ],
)
def test_nulls_are_skipped_and_all_null_is_null(name: str, result: list[float]) -> None:
    values = np.array([[NAN, 4, 1], [NAN, NAN, NAN], [7, 6, 8]])
    np.testing.assert_allclose(AGGREGATES[name](values, 1), result)
    np.testing.assert_allclose(AGGREGATES[name](values.T, 0), result)


def test_aggregates_are_known_by_all_their_spellings() -> None:
    spellings = {"avg": "average", "sumSeries": "sum", "current": "last", "rangeOf": "range"}
    assert {name: canonical(name) for name in spellings} == spellings
    assert canonical("mode") is None


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("sum", [1, 5, 4]),
        ("average", [1, 2.5, 4]),
        ("min", [1, 2, 4]),
        ("max", [1, 3, 4]),
        ("first", [1, 2, 4]),
        ("last", [1, 3, 4]),
    ],
)
def test_values_merge_by_the_series_own_method(method: str, values: list[float]) -> None:
    merged = consolidated(series([1, 2, 3, 4], start=10, method=method), 3)
    assert (merged.start, merged.step, merged.values.tolist()) == (0, 20, values)


def test_one_point_is_the_whole_span_from_its_start() -> None:
    merged = consolidated(series([1, NAN, 3], start=70), 1)
    assert (merged.start, merged.end, merged.values.tolist()) == (70, 100, [4])


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=60),
    st.integers(0, 500),
    st.integers(1, 70),
)
def test_merging_loses_nothing_and_keeps_to_the_points(
    values: list[int], place: int, points: int
) -> None:
    merged = consolidated(series(values, start=10 * place), points)
    assert merged.values.size <= points
    assert np.nansum(merged.values) == sum(values)
    assert merged.start <= 10 * place < merged.start + merged.step
    assert merged.end >= 10 * place + 10 * len(values)


@given(st.integers(0, 100), st.integers(2, 20))
def test_merged_intervals_do_not_move_with_the_range(place: int, points: int) -> None:
    merged = consolidated(series(range(100), start=10 * place), points)
    if merged.step > 10:
        assert merged.start % merged.step == 0


def test_series_on_one_grid_stay_as_they_are() -> None:
    pair = [series([1, 2]), series([3, 4])]
    assert aligned(pair) == pair


def test_series_on_different_grids_meet_on_one_that_fits_all() -> None:
    fine, coarse = aligned([series([1, 2, 3], start=20), series([5, 7], start=0, step=30)])
    assert (fine.start, fine.step, coarse.start, coarse.step) == (0, 30, 0, 30)
    assert fine.values.tolist() == [1, 5]
    assert coarse.values.tolist() == [5, 7]


@given(
    st.lists(st.one_of(st.just(NAN), st.integers(0, 9)), max_size=40),
    st.integers(0, 30),
    st.sampled_from((5, 10, 15)),
    st.sampled_from((10, 30, 60)),
    st.sampled_from(sorted(CONSOLIDATIONS)),
)
def test_a_grid_has_of_each_interval_what_its_values_make(
    values: list[float], lead: int, step: int, wanted: int, method: str
) -> None:
    one = series(values, start=5 * lead, step=step, method=method)
    count = one.end // wanted + 2
    found = regrid(one, 0, wanted, count).values
    parts: list[list[float]] = [[] for _ in range(count)]
    for place, value in enumerate(values):
        parts[(one.start + place * step) // wanted].append(value)
    widest = max(map(len, parts))
    for part, got in zip(parts, found, strict=True):
        padded = np.array([[*part, *[NAN] * (widest - len(part))]], dtype=np.float64)
        expected = CONSOLIDATIONS[method](padded, 1) if widest else [NAN]
        np.testing.assert_allclose(got, expected[0])
