"""Plain series: last write wins, any order, and roll-ups by each series' method."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeryscope.metrics import Kind
from celeryscope.sketch import Floats
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.patterns import METHODS
from celeryscope.store.protocol import Points, Window
from support.stores import START, opened, put, series

SMALL = "10s:20m,1m:1h,10m:10h"
NOW = START + 1200
AGGREGATIONS = "".join(f"[{one}]\npattern = ^{one}\naggregationMethod = {one}\n" for one in METHODS)


def read(store: DuckDBStore, window: Window, pattern: str = "*") -> Floats:
    return store.points(series(store, Kind.PLAIN, pattern), window)


def cell(store: DuckDBStore, name: str, step: int, start: int = START) -> float:
    """Return one value at a step, from that tier alone where it holds it."""
    return float(read(store, Window(start, step, 1, step), name).item())


def test_points_are_read_where_they_were_put(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert put(store, ("a", START, 1.5), ("b.c", START + 15, -2), ("a", START + 20, 3)) == 0
        window = store.window(START, START + 30)
        np.testing.assert_equal(read(store, window), [[1.5, np.nan, 3]])
        np.testing.assert_equal(read(store, window, "b.c"), [[np.nan, -2, np.nan]])
        assert store.find(Kind.COUNTER, ["**"]) == []


def test_the_last_write_of_a_step_wins_in_a_batch_and_across_batches(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        put(store, ("a", START, 1), ("a", START + 9, 2), ("a", START + 3, 3))
        assert cell(store, "a", 10) == 3
        put(store, ("a", START + 5, 4))
        assert cell(store, "a", 10) == 4
    with opened(tmp_path) as store:
        put(store, ("a", START, 5))
        assert cell(store, "a", 10) == 5


@pytest.mark.parametrize("method", METHODS)
def test_each_method_rolls_up_as_whispers_does(tmp_path: Path, method: str) -> None:
    values = [4.0, -6.0, 2.0, 5.0]
    expected = {
        "average": 1.25,
        "sum": 5.0,
        "min": -6.0,
        "max": 5.0,
        "last": 5.0,
        "avg_zero": 5 / 6,
        "absmax": -6.0,
        "absmin": 2.0,
    }
    with opened(tmp_path, SMALL, NOW, aggregations=AGGREGATIONS) as store:
        put(store, *((method, START + 10 * i, value) for i, value in enumerate(values)))
        for _ in range(2):
            assert cell(store, method, 60) == pytest.approx(expected[method])
            store.maintain(START + 60)


def test_an_average_over_long_is_that_of_its_points(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, NOW) as store:
        put(store, *(("a", START + at, at) for at in (0, 10, 20, 70, 400)))
        store.maintain(START + 600)
        assert cell(store, "a", 600) == (0 + 10 + 20 + 70 + 400) / 5


def test_a_step_is_unknown_when_too_few_of_its_finer_steps_are_known(tmp_path: Path) -> None:
    half = "[all]\npattern = .*\nxFilesFactor = 0.5\n"
    with opened(tmp_path, SMALL, NOW, aggregations=half) as store:
        put(store, *(("a", START + at, 1) for at in (0, 10)))
        store.maintain(START + 60)
        assert np.isnan(cell(store, "a", 60))
        put(store, ("a", START + 50, 4))
        assert cell(store, "a", 60) == 2


def test_a_late_point_rolls_up_anew_what_it_touches(tmp_path: Path) -> None:
    sums = "[all]\npattern = .*\naggregationMethod = sum\n"
    with opened(tmp_path, SMALL, NOW, aggregations=sums) as store:
        put(store, *(("a", START + 10 * i, 1) for i in range(120)), ("b", START, 7))
        store.maintain(NOW)
        assert [cell(store, "a", step) for step in (60, 600)] == [6, 60]
        put(store, ("a", START + 30, 100), ("a", START + 90, 50))
        assert [cell(store, "a", 60, START + i) for i in (0, 60, 120)] == [105, 55, 6]
        assert [cell(store, "a", 600, START + i) for i in (0, 600)] == [60 + 99 + 49, 60]
        assert cell(store, "b", 600) == 7


def test_an_old_point_goes_where_its_time_is_still_kept(tmp_path: Path) -> None:
    now = START + 9 * 3600
    with opened(tmp_path, SMALL, now) as store:
        store.maintain(now)
        ages = (60, 3000, 7200, 11 * 3600)
        assert put(store, *(("a", now - age, age) for age in ages)) == 1
        for age in ages[:3]:
            assert cell(store, "a", 600, (now - age) // 600 * 600) == age
        window = store.window(now - 7200, now)
        assert window.step == 600
        assert np.nansum(read(store, window)) == 60 + 3000 + 7200


def test_old_points_are_read_from_a_new_store_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, START + 9 * 3600) as store:
        put(store, ("a", START, 5))
        assert cell(store, "a", 600) == 5


def test_a_rule_that_changes_applies_to_what_is_stored(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, NOW) as store:
        put(store, ("a", START, 4), ("a", START + 10, 8))
        store.maintain(NOW)
        assert cell(store, "a", 600) == 6
    sums = "[all]\npattern = .*\naggregationMethod = sum\n"
    with opened(tmp_path, SMALL, NOW, aggregations=sums) as store:
        assert (cell(store, "a", 60), cell(store, "a", 600)) == (12, 12)


batches = st.lists(
    st.lists(st.tuples(st.integers(0, 119), st.integers(-9, 9)), min_size=1, max_size=12),
    min_size=1,
    max_size=5,
)
upkeep = st.lists(st.sampled_from(["roll up", "tidy", "reopen"]), min_size=5, max_size=5)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(METHODS), batches, upkeep)
def test_any_order_of_points_and_upkeep_gives_the_same_answers(
    method: str, batches: list[list[tuple[int, int]]], upkeep: list[str]
) -> None:
    known: dict[int, float] = {}
    with TemporaryDirectory() as folder:
        for batch, what in zip(batches, upkeep, strict=False):
            with opened(Path(folder), SMALL, NOW, aggregations=AGGREGATIONS) as store:
                put(store, *((method, START + 10 * at, value) for at, value in batch))
                known |= dict(batch)
                if what == "roll up":
                    store.maintain(START + 10 * batch[0][0])
                elif what == "tidy":
                    store.maintain(NOW)
                    store.tidy(START + 2 * 3600)
        with opened(Path(folder), SMALL, NOW, aggregations=AGGREGATIONS) as store:
            at_ten = [known.get(i, np.nan) for i in range(120)]
            np.testing.assert_equal(read(store, Window(START, 10, 120, 10))[0], at_ten)
            for step in (60, 600):
                by_cell = read(store, Window(START, step, 1200 // step, step))[0]
                by_cell = np.abs(by_cell) if "abs" in method else by_cell  # 3 and -3 tie
                np.testing.assert_allclose(by_cell, rolled(method, known, step), err_msg=str(step))


def rolled(method: str, known: dict[int, float], step: int) -> list[float]:
    """Return what Whisper's method makes of ten-second values, level by level."""
    size = step // 10
    merges: dict[str, Callable[[list[float]], float]] = {
        "average": lambda values: sum(values) / len(values),
        "sum": sum,
        "min": min,
        "max": max,
        "last": lambda values: values[-1],
        "avg_zero": lambda values: sum(values) / size,
        "absmax": lambda values: max(values, key=abs),
        "absmin": lambda values: min(values, key=abs),
    }
    merge = merges[method]
    cells = [
        [known[i] for i in range(a, b) if i in known] for a, b in pairwise(range(0, 121, size))
    ]
    return [abs(merge(c)) if c and "abs" in method else merge(c) if c else np.nan for c in cells]


def test_no_points_are_no_work(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.write_points(Points([], np.empty(0, np.int64), np.empty(0))) == 0
        assert read(store, store.window(START, START + 20)).shape == (0, 2)
