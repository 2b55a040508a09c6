"""Ordering closed periods: the same rows as before, in an order that reads fast."""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.sketch import Distribution
from celeryscope.store import compaction
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.protocol import StoreError
from support.stores import START, assert_same, opened, runs

SMALL = "10s:1h,1m:1d"
STEPS = 6
"""The steps of a period, so that a minute of flushes is one."""

Row = tuple[object, ...]


@pytest.fixture(autouse=True)
def short_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "PERIOD_STEPS", STEPS)


def fill(store: DuckDBStore, start: int, end: int, series: int = 5) -> list[Flush]:
    """Write flushes whose timers come in another order each time."""
    flushes = []
    for ts in range(start, end, 10):
        names = [f"s{(i * 3 + ts // 10) % series}" for i in range(series)]
        timers = {name: Distribution.of([i + 1.0, 50.0]) for i, name in enumerate(names)}
        flushes.append(Flush(ts, 10, {"jobs": 5.0}, {"pool": 1.0}, timers=timers))
        store.write(flushes[-1])
    return flushes


def tidy(store: DuckDBStore, now: float) -> int:
    """Tidy until nothing is left; return the number of steps."""
    return next(steps for steps in count() if not store.tidy(now))


def rows(folder: Path, table: str) -> list[Row]:
    """Return a closed store's rows in the order in which they lie on disk."""
    with duckdb.connect(str(folder / FILE), read_only=True) as file:
        return file.execute(f"SELECT series, ts, * FROM {table} ORDER BY rowid").fetchall()


def rows_now(store: DuckDBStore, table: str) -> list[Row]:
    with store._database.transaction("read") as cursor:
        return cursor.execute(f"SELECT series, ts, * FROM {table} ORDER BY rowid").fetchall()


def test_a_closed_period_lies_ordered_by_series_and_time(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        flushes = fill(store, START, START + 60)
        before = {table: rows_now(store, table) for table in ("scalars_10", "bins_10")}
        assert tidy(store, START + 100) == 3
        assert_same(store, flushes, store.window(START, START + 480))
    for table, stored in before.items():
        assert rows(tmp_path, table) != stored
        assert sorted(rows(tmp_path, table)) == sorted(stored)
        keys = [row[:2] for row in rows(tmp_path, table)]
        assert keys == sorted(keys)


def test_a_period_that_may_still_grow_is_left_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        fill(store, START, START + 60)
        assert tidy(store, START + 70) == 0
        assert tidy(store, START + 80) == 3
        assert tidy(store, START + 80) == 0


def test_a_gap_is_skipped(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        fill(store, START, START + 60)
        fill(store, START + 86_400, START + 86_460)
        assert tidy(store, START + 86_400 + 80) == 6
    with opened(tmp_path) as store:
        assert tidy(store, START + 86_400 + 80) == 0


def test_a_coarser_tier_is_ordered_once_it_is_rolled_up(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL) as store:
        flushes = fill(store, START, START + 480)
        now = START + 480
        before_roll_up = tidy(store, now)
        store.maintain(now)
        # The last step looks for dead series, as there was pruning.
        assert (before_roll_up, tidy(store, now)) == (7 * 3, 3 + 1)
        assert_same(store, flushes, store.window(START, START + 480))


def test_late_flushes_are_read_from_where_they_are(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        flushes = [runs(START + 10 * i, i + 1, [i + 1.0]) for i in range(6)]
        for flush in flushes[1:]:
            store.write(flush)
        assert tidy(store, START + 100) == 3
        store.write(flushes[0])
        assert tidy(store, START + 100) == 0
        assert_same(store, flushes, store.window(START, START + 60))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12))
def test_parts_of_any_size_make_up_the_whole_period(limit: int, series: int) -> None:
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        fill(store, START, START + 60, series)
        before = rows_now(store, "bins_10")
        seen = []
        while part := next_part(store, limit):
            seen += [part] if part.relation == "bins_10" else []
            with store._database.transaction("put in order") as cursor:
                compaction.order(cursor, part)
        after = rows_now(store, "bins_10")
    assert sorted(after) == sorted(before)
    assert [row[:2] for row in after] == sorted(row[:2] for row in before)
    for part in seen:
        held = [number for number, *_ in after if part.after < int(str(number)) <= part.last]
        assert len(held) <= limit or len(set(held)) == 1


def next_part(store: DuckDBStore, limit: int) -> compaction.Part | None:
    with store._database.transaction("read") as cursor:
        return compaction.next_part(
            cursor, store._archives.by_id[0], store._archives.held[0], START + 100, limit
        )


def test_a_step_that_fails_changes_nothing_and_is_done_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = compaction.order

    def failing(cursor: duckdb.DuckDBPyConnection, part: compaction.Part) -> None:
        order(cursor, part)
        raise duckdb.TransactionException("TransactionContext Error: Conflict on tuple deletion!")

    with opened(tmp_path) as store:
        flushes = fill(store, START, START + 60)
        before = rows_now(store, "bins_10")
        with monkeypatch.context() as patch:
            patch.setattr(compaction, "order", failing)
            with pytest.raises(StoreError, match=r"could not be put in order: .*Conflict"):
                store.tidy(START + 100)
        assert rows_now(store, "bins_10") == before
        assert tidy(store, START + 100) == 3
        assert_same(store, flushes, store.window(START, START + 480))


def test_flushes_and_pruning_go_on_beside_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, entered, may_go_on = compaction.order, Event(), Event()

    def slow(cursor: duckdb.DuckDBPyConnection, part: compaction.Part) -> None:
        order(cursor, part)
        entered.set()
        assert may_go_on.wait(30)

    now = START + 3 * 3600
    with opened(tmp_path, SMALL, now=now) as store:
        flushes = fill(store, START, START + 60)
        monkeypatch.setattr(compaction, "order", slow)
        tidying = Thread(target=tidy, args=(store, now))
        tidying.start()
        try:
            assert entered.wait(30)
            flushes += fill(store, START + 60, START + 120)
            store.maintain(now)
        finally:
            may_go_on.set()
            tidying.join()
        assert_same(store, flushes, store.window(START, now, 1))
        assert rows_now(store, "bins_10") != []
        store.maintain(now)
        assert rows_now(store, "bins_10") == []
