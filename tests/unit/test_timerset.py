from array import array
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.sketch import Distribution
from celeryscope.timerset import TimerSet

TIMES = st.floats(0, 1e20) | st.integers(0, 9).map(float)
TIMERS = st.lists(st.lists(TIMES, min_size=1, max_size=20), max_size=20)


def in_bulk(timers: list[list[float]]) -> TimerSet:
    """Return timers `t0` and so on, each sample of which stands for two runs."""
    names = [f"t{i}" for i in range(len(timers))]
    counts = [2.0 * len(values) for values in timers]
    return TimerSet.of_samples(names, [array("d", values) for values in timers], counts)


def singly(timers: list[list[float]]) -> dict[str, Distribution]:
    return {f"t{i}": Distribution.of(values, 2.0 * len(values)) for i, values in enumerate(timers)}


def assert_same(one: Distribution, other: Distribution) -> None:
    """Compare to the last bit."""
    for field in fields(Distribution):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        assert type(ours) is type(theirs), field.name
        assert np.array_equal(ours, theirs), field.name


@given(TIMERS)
def test_timers_made_in_bulk_are_those_made_one_by_one(timers: list[list[float]]) -> None:
    made, expected = in_bulk(timers), singly(timers)
    assert set(made) == set(expected)
    for name, one in expected.items():
        assert_same(made[name], one)


@pytest.mark.parametrize("size", [7, 8, 9, 127, 128, 129, 1000, 8193])
def test_sums_of_many_samples_are_the_same_to_the_last_bit(size: int) -> None:
    generator = np.random.default_rng(size)
    timers = [generator.lognormal(5, 3, size).tolist() for _ in range(5)] + [[1.5], [0.0, 2.5]]
    made = in_bulk(timers)
    for name, one in singly(timers).items():
        assert_same(made[name], one)


@given(TIMERS)
def test_single_timers_are_laid_side_by_side_as_they_are(timers: list[list[float]]) -> None:
    given_ones = singly(timers)
    given_ones |= {f"{name}.gone": replace(one, values=None) for name, one in given_ones.items()}
    made = TimerSet.of(given_ones)
    assert set(made) == set(given_ones)
    for name, one in given_ones.items():
        assert_same(made[name], one)
    assert TimerSet.of(made) is made


@given(TIMERS)
def test_a_block_has_the_samples_of_timers_that_have_equally_many(
    timers: list[list[float]],
) -> None:
    made = TimerSet.of(singly(timers) | {"gone": replace(Distribution.of([1]), values=None)})
    names = list(made)
    found: dict[str, list[float] | None] = {}
    for block in made.blocks():
        rows = [None] * (block.end - block.first) if block.rows is None else block.rows.tolist()
        found |= dict(zip(names[block.first : block.end], rows, strict=True))
    expected = {f"t{i}": sorted(values) for i, values in enumerate(timers)}
    assert found == {**expected, "gone": None}


@given(TIMERS)
def test_a_summary_has_all_but_the_samples(timers: list[list[float]]) -> None:
    made = in_bulk(timers).summary()
    for name, one in singly(timers).items():
        assert_same(made[name], replace(one, values=None))
    assert all(block.rows is None for block in made.blocks())
