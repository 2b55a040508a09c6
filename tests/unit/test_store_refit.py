"""Changing the retentions keeps what is stored."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from celeryscope.flush import Flush
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Window
from support.stores import START, assert_same, expected_total, opened, runs, total

# Written first, under the retentions of the case: 25 minutes, rolled up to the 24th.
FIRST = [runs(START + 30 * i + 10, i + 1, [float(i + 1)]) for i in range(50)]
# Written after each change: one flush that is late and one that is new.
LATE, NEW = runs(START + 610, 1000, [3.0]), runs(START + 1500, 2000, [4.0])


def written(folder: Path, retentions: str) -> list[Flush]:
    with opened(folder, retentions) as store:
        for flush in FIRST:
            store.write(flush)
        store.maintain(START + 1490)
    return list(FIRST)


def check(folder: Path, retentions: str, flushes: list[Flush], step: int) -> None:
    """Open under new retentions and read all: at once, after more flushes, after a roll-up."""
    with opened(folder, retentions, now=START + 1510) as store:
        assert_kept(store, flushes, step)
        store.write(LATE)
        store.write(NEW)
        assert_kept(store, [*flushes, LATE, NEW], step)
        store.maintain(START + 2400)
        assert_kept(store, [*flushes, LATE, NEW], step)


def assert_kept(store: DuckDBStore, flushes: Sequence[Flush], step: int) -> None:
    assert_same(store, flushes, store.window(START, START + 1800, 1))
    assert_same(store, flushes, Window(START, step, 1800 // step, step))


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("10s:2d,1m:30d,10m:2y", "10s:2d,1m:30d,10m:2y", 600),
        ("10s:2d,1m:30d,10m:2y", "10s:2d,1m:60d,10m:1y", 600),
        ("10s:2d,1m:30d,10m:2y", "1m:30d,10m:2y", 60),
        ("10s:2d,1m:30d,10m:2y", "1m:30d,10m:2y", 600),
        ("10s:2d,1m:30d,10m:2y", "10m:2y", 600),
        ("10s:2d,1m:30d,10m:2y", "10s:2d,10m:2y", 600),
        ("10s:2d,1m:30d,10m:2y", "10s:2d,1m:2y", 60),
        ("10s:2d,1m:30d,10m:2y", "10s:30d", 10),
        ("10s:2d,1m:30d,10m:2y", "30s:2d,5m:30d,10m:2y", 300),
        ("10s:2d,10m:2y", "10s:2d,1m:30d,10m:2y", 60),
        ("10s:2d,10m:2y", "10s:2d,1m:30d,10m:2y", 600),
        ("10s:2d,1m:30d", "10s:2d,1m:30d,10m:2y", 600),
        ("10s:2d,1m:30d", "10s:2d,10m:2y", 600),
        ("10s:2d", "10s:2d,1m:30d,10m:2y", 600),
        ("10s:2d", "1m:30d", 60),
        ("10s:2d", "20s:2d,1m:30d", 20),
        ("10s:2d,1m:30d", "5s:1d,10s:2d,1m:30d", 60),
        ("10s:2d,1m:30d", "15s:2d,1m:30d", 60),
        ("20s:2d", "10s:2d", 20),
        ("1m:2d,10m:30d", "10s:30d", 600),
        ("1m:2d,10m:30d", "20s:2d,5m:30d", 600),
    ],
)
def test_every_change_keeps_every_answer_that_the_new_tiers_can_give(
    tmp_path: Path, before: str, after: str, step: int
) -> None:
    check(tmp_path, after, written(tmp_path, before), step)


def test_a_change_that_is_taken_back_keeps_everything(tmp_path: Path) -> None:
    flushes = written(tmp_path, "10s:2d,1m:30d,10m:2y")
    for retentions in ("10s:2d,1m:30d", "10s:2d,10m:2y", "1m:30d,10m:2y"):
        with opened(tmp_path, retentions, now=START + 1510) as store:
            assert total(store, START, START + 1510) == expected_total(flushes, 0, 2**40)
            store.maintain(START + 1510)
    check(tmp_path, "10s:2d,1m:30d,10m:2y", flushes, 600)


def test_an_added_tier_is_not_asked_for_what_it_never_held(tmp_path: Path) -> None:
    retentions = "10s:10m,10m:2y"
    flushes = [runs(START + 60 * i, i + 1) for i in range(60)]
    with opened(tmp_path, retentions) as store:
        for flush in flushes:
            store.write(flush)
            store.maintain(flush.start + 60)
    now = START + 3600
    with opened(tmp_path, "10s:10m,1m:30d,10m:2y", now) as store:
        store.maintain(now)
        assert store.window(now - 300, now).tier == 10
        assert store.window(START, now).tier == 600
        assert total(store, START, now) == expected_total(flushes, START, now)
        assert store.window(now - 1200, now).tier == 600


def test_a_retention_made_longer_still_finds_what_the_finer_tier_has_dropped(
    tmp_path: Path,
) -> None:
    flushes = [runs(START + 60 * i, i + 1) for i in range(60)]
    now = START + 3600
    for retentions in ("10s:10m,1m:30d", "10s:2d,1m:30d"):
        with opened(tmp_path, retentions, now) as store:
            for flush in flushes if store.series_count == 0 else []:
                store.write(flush)
                store.maintain(flush.start + 60)
            assert store.window(START, now).tier == 60
            assert total(store, START, now) == expected_total(flushes, START, now)


@pytest.mark.parametrize("odd", ["7s:2d", "15s:2d,45s:30d"])
def test_rows_of_a_step_that_goes_into_none_are_kept_where_their_step_begins(
    tmp_path: Path, odd: str
) -> None:
    flushes = written(tmp_path, "10s:2d")
    with opened(tmp_path, odd, now=START + 1510) as store:
        assert total(store, START - 60, START + 1500) == expected_total(flushes, 0, 2**40)
        flushes.append(runs(START + 1505, 5))
        store.write(flushes[-1])
    with opened(tmp_path, "10s:2d", now=START + 1510) as store:
        assert total(store, START - 60, START + 1600) == expected_total(flushes, 0, 2**40)


def test_a_finest_step_changed_twice_keeps_what_each_held(tmp_path: Path) -> None:
    flushes = written(tmp_path, "10s:2d")
    with opened(tmp_path, "15s:2d") as store:
        flushes.append(runs(START + 1530, 7, [2.0]))
        store.write(flushes[-1])
    check(tmp_path, "30s:2d", flushes, 30)
