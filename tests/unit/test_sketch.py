"""The sketch against exact data and against PyPI's ddsketch."""

import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from ddsketch import DDSketch
from ddsketch.mapping import LogarithmicMapping
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.sketch import (
    RELATIVE_ERROR,
    ZERO_BUCKET,
    Distribution,
    Distributions,
    Floats,
    bucket_of,
    value_of,
)

# Rounding of logarithms and sums may add a little to the sketch's own bound.
BOUND = RELATIVE_ERROR * (1 + 1e-9)
PERCENTS = (0.01, 1, 5, 25, 50, 75, 90, 95, 99, 99.9, 100)

_RANDOM = np.random.default_rng(7)
SAMPLES = {
    "lognormal": _RANDOM.lognormal(3, 2, 5000),
    "uniform": _RANDOM.uniform(0, 1000, 3001),
    "constant": np.full(777, 12.5),
    "tiny": _RANDOM.lognormal(-15, 1, 2000),
    "huge": _RANDOM.lognormal(30, 2, 2000),
    "far apart": np.array([1e-9, 1e-3, 1.0, 1e6, 1e18]),
    "zeros and more": np.concatenate([np.zeros(50), _RANDOM.exponential(10, 49)]),
    "zeros": np.zeros(10),
    "one": np.array([42.0]),
    "two": np.array([1.0, 100.0]),
}

values = st.floats(1e-9, 1e12) | st.just(0.0)
parts_of_values = st.lists(st.lists(values, min_size=1, max_size=30), min_size=1, max_size=5)


def cells(*samples: Sequence[float] | Floats) -> Distributions:
    return Distributions.of([Distribution.of(one) for one in samples])


def exact_rank(percent: float, n: int) -> int:
    return math.floor(percent / 100 * n + 0.5)


def empty_and_full() -> Distributions:
    """Return three cells of which only the middle one has samples: 1, 2 and 3."""
    full = Distribution.of([1, 2, 3])

    def around(value: float, missing: float) -> Floats:
        return np.array([missing, value, missing])

    return Distributions(
        count=around(full.count, 0),
        samples=np.array([0, full.samples, 0]),
        sum=around(full.sum, np.nan),
        sum_squares=around(full.sum_squares, np.nan),
        min=around(full.min, np.nan),
        max=around(full.max, np.nan),
        offsets=np.array([0, 0, 3, 3]),
        buckets=full.buckets,
        counts=full.counts,
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_every_percentile_is_within_one_percent_of_the_sample_of_its_rank(name: str) -> None:
    samples = np.sort(SAMPLES[name])
    sketch = cells(samples)
    for percent in PERCENTS:
        rank = 1 if samples.size == 1 else exact_rank(percent, samples.size)
        expected = samples[rank - 1] if rank else np.nan
        np.testing.assert_allclose(sketch.percentile(percent), [expected], rtol=BOUND)


@pytest.mark.parametrize("name", SAMPLES)
def test_moments_are_exact(name: str) -> None:
    samples = SAMPLES[name]
    sketch = cells(samples)
    assert sketch.count.tolist() == [samples.size]
    assert sketch.min.tolist() == [samples.min()]
    assert sketch.max.tolist() == [samples.max()]
    np.testing.assert_allclose(sketch.sum, [math.fsum(samples)], rtol=1e-12)
    np.testing.assert_allclose(sketch.mean(), [samples.mean()], rtol=1e-12)
    np.testing.assert_allclose(sketch.std(), [samples.std()], rtol=1e-9, atol=1e-7 * samples.max())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_median_is_within_one_percent(name: str) -> None:
    samples = SAMPLES[name]
    np.testing.assert_allclose(cells(samples).median(), [np.median(samples)], rtol=BOUND)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sum_of_the_lowest_is_within_one_percent(name: str) -> None:
    samples = np.sort(SAMPLES[name])
    for rank in sorted({1, samples.size // 2, samples.size - 1, samples.size} - {0}):
        lowest = cells(samples).sum_lowest(np.array([rank]))
        np.testing.assert_allclose(lowest, [math.fsum(samples[:rank])], rtol=BOUND)


def test_the_lowest_none_have_no_sum() -> None:
    assert np.isnan(cells([1.0, 2.0]).sum_lowest(np.array([0]))).all()


def test_a_rank_beyond_the_samples_has_no_value() -> None:
    sketch = cells([1.0, 2.0], [3.0])
    np.testing.assert_equal(sketch.value_at(np.array([3, 0])), [np.nan, np.nan])


def test_cells_side_by_side_do_not_touch_each_other() -> None:
    samples = [[1e-6, 2e-6, 3e-6], [1e15] * 4, [5.0], [1e-6, 2e-6, 3e-6]]
    together = cells(*samples)
    two = np.array([min(2, len(one)) for one in samples])
    alone = [cells(one).sum_lowest(two[i : i + 1])[0] for i, one in enumerate(samples)]
    np.testing.assert_allclose(together.sum_lowest(two), alone, rtol=1e-12)
    np.testing.assert_allclose(together.sum_lowest(two), [3e-6, 2e15, 5, 3e-6], rtol=BOUND)
    np.testing.assert_allclose(together.median(), [2e-6, 1e15, 5, 2e-6], rtol=BOUND)


def test_a_part_of_the_cells_reads_as_it_does_in_the_whole() -> None:
    whole = cells([1.0, 2.0], [3.0], [4.0, 5.0, 6.0], [7.0])
    part = whole.part(1, 3)
    np.testing.assert_equal(part.percentile(90), whole.percentile(90)[1:3])
    np.testing.assert_equal(part.sum_lowest(part.rank(50)), whole.sum_lowest(whole.rank(50))[1:3])
    assert whole.part(2, 2).samples.size == 0


def test_cells_without_samples_are_nan_and_raise_no_warning() -> None:
    sketch = empty_and_full()
    for statistic in (
        sketch.mean(),
        sketch.std(),
        sketch.median(),
        sketch.percentile(50),
        sketch.sum_lowest(sketch.rank(50)),
        sketch.min,
        sketch.max,
    ):
        np.testing.assert_equal(np.isnan(statistic), [True, False, True])


def test_no_cells_at_all_give_no_values() -> None:
    sketch = Distributions.of([])
    assert sketch.percentile(99).size == 0
    assert sketch.sum_lowest(sketch.rank(99)).size == 0
    assert sketch.median().size == 0


def test_a_sampled_timer_counts_the_runs_its_samples_stand_for() -> None:
    sketch = Distributions.of([Distribution.of([2.0, 4.0], count=20.0)])
    assert sketch.count.tolist() == [20.0]
    assert sketch.mean().tolist() == [3.0]


def test_values_beyond_the_buckets_stay_between_the_least_and_the_greatest() -> None:
    sketch = cells([1e-12, 1e-11, 1e-10], [1e20, 1e21, 1e22])
    for statistic in (sketch.median(), sketch.percentile(20), sketch.percentile(99)):
        assert (sketch.min <= statistic).all()
        assert (statistic <= sketch.max).all()


def test_the_bucket_of_a_value_is_the_key_that_ddsketch_gives_it() -> None:
    samples = np.concatenate([SAMPLES[name] for name in ("lognormal", "tiny", "huge", "far apart")])
    mapping = LogarithmicMapping(RELATIVE_ERROR)
    assert bucket_of(samples).tolist() == [mapping.key(value) for value in samples]


def test_the_value_of_a_bucket_is_the_one_that_ddsketch_gives_it() -> None:
    buckets = np.arange(-1000, 2000, 7, dtype=np.int16)
    mapping = LogarithmicMapping(RELATIVE_ERROR)
    np.testing.assert_allclose(
        value_of(buckets), [mapping.value(int(key)) for key in buckets], rtol=1e-9
    )


def test_zero_has_a_bucket_of_its_own() -> None:
    assert bucket_of(np.array([0.0, 1e-10])).tolist() == [ZERO_BUCKET, ZERO_BUCKET]
    assert value_of(np.array([ZERO_BUCKET], dtype=np.int16)).tolist() == [0.0]


@pytest.mark.parametrize("name", ["lognormal", "uniform", "tiny", "huge"])
def test_quantiles_agree_with_ddsketch_within_both_bounds(name: str) -> None:
    theirs = DDSketch(RELATIVE_ERROR)
    for value in SAMPLES[name]:
        theirs.add(value)
    ours = cells(SAMPLES[name])
    for percent in (5, 50, 90, 99):
        # Their rank is floor(q * (n - 1)), which may be the neighbour of ours.
        expected = theirs.get_quantile_value(percent / 100)
        assert ours.percentile(percent).tolist() == [pytest.approx(expected, rel=2 * BOUND)]


@given(values)
def test_a_value_is_read_back_from_its_bucket_within_one_percent(value: float) -> None:
    read = value_of(bucket_of(np.array([value])))
    assert abs(read[0] - value) <= BOUND * value


@given(st.lists(values, min_size=1, max_size=60), st.floats(0.1, 100))
def test_any_percentile_of_any_samples_is_within_one_percent(
    samples: list[float], percent: float
) -> None:
    rank = 1 if len(samples) == 1 else exact_rank(percent, len(samples))
    expected = sorted(samples)[rank - 1] if rank else np.nan
    np.testing.assert_allclose(cells(samples).percentile(percent), [expected], rtol=BOUND)


@given(parts_of_values, st.randoms())
def test_merged_parts_in_any_order_are_the_whole(parts: list[list[float]], random: Random) -> None:
    whole = Distribution.of([value for part in parts for value in part])
    random.shuffle(parts)
    merge = Distribution.merge([Distribution.of(part) for part in parts])
    np.testing.assert_array_equal(merge.buckets, whole.buckets)
    np.testing.assert_array_equal(merge.counts, whole.counts)
    assert (merge.samples, merge.min, merge.max) == (whole.samples, whole.min, whole.max)
    assert merge.sum == pytest.approx(whole.sum)
    assert merge.sum_squares == pytest.approx(whole.sum_squares)
    assert (merge.count, merge.values) == (whole.count, None)


def test_histograms_keep_their_narrow_types() -> None:
    one = Distribution.of([1.0, 2.0])
    for histogram in (
        one,
        Distribution.merge([one]),
        Distributions.of([one]),
        Distributions.of([]),
    ):
        assert histogram.buckets.dtype.name == "int16"
        assert histogram.counts.dtype.name == "int64"


@given(parts_of_values)
def test_merged_cells_are_the_cell_of_all_values(parts: list[list[float]]) -> None:
    merged = cells(*parts).merged()
    together = cells([value for part in parts for value in part])
    assert merged.buckets.tolist() == together.buckets.tolist()
    assert merged.counts.tolist() == together.counts.tolist()
    assert merged.offsets.tolist() == together.offsets.tolist()
    for moment in ("count", "samples", "sum", "sum_squares", "min", "max"):
        np.testing.assert_allclose(getattr(merged, moment), getattr(together, moment))


def test_nothing_merged_is_an_empty_cell() -> None:
    merged = cells([1.0]).part(0, 0).merged()
    assert (merged.samples.tolist(), merged.count.tolist()) == ([0], [0.0])
    assert np.isnan([merged.sum, merged.min, merged.percentile(50)]).all()


def test_a_part_has_the_same_cells() -> None:
    some = cells([1.0], [2.0, 20.0], [3.0]).part(1, 3)
    assert some.max.tolist() == [20, 3]
    assert some.offsets.tolist() == [0, 2, 3]
    np.testing.assert_array_equal(some.percentile(50), cells([2.0, 20.0], [3.0]).percentile(50))
