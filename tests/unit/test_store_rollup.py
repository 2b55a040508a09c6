"""Roll-up and retention: whatever happened in between, the answers stay the same."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store import compaction, rollup
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.holdings import FOREVER, Held
from celeryscope.store.protocol import StoreError, Window
from celeryscope.store.tiers import parse_retentions
from support.stores import (
    RETENTIONS,
    START,
    assert_same,
    expected_total,
    opened,
    runs,
    series,
    total,
    totals,
)

SMALL = "10s:20m,1m:1h,10m:10h"
TIERS = parse_retentions(SMALL)
SPAN = 3000


def rows(folder: Path, table: str) -> int:
    """Return a closed store's number of rows."""
    with duckdb.connect(str(folder / FILE), read_only=True) as file:
        [(count,)] = file.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


def fill(store: DuckDBStore, start: int, end: int) -> list[Flush]:
    """Write and maintain ten-second flushes of one counter and one timer."""
    flushes = [
        runs(ts, i % 7 + 1, [i % 50 + 1.0] * (i % 3 + 1))
        for i, ts in enumerate(range(start, end, 10))
    ]
    for flush in flushes:
        store.write(flush)
        store.maintain(flush.start + 10)
    return flushes


def test_a_coarser_tier_answers_exactly_what_the_finer_would(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        flushes = fill(store, START, START + 1800)
        for step, tier in ((60, 10), (60, 60), (600, 10), (600, 60), (600, 600)):
            assert_same(store, flushes, Window(START, step, 1800 // step, tier))


def test_one_point_is_exact_where_the_coarse_steps_do_not_end(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        flushes = fill(store, START, START + 1800)
        for start, end in ((130, 1690), (10, 1800), (590, 610), (600, 1200), (50, 1210)):
            window = store.window(START + start, START + end, 1)
            assert (window.start, window.end) == (START + start, START + end)
            assert_same(store, flushes, window)
        assert store.window(START + 130, START + 1690, 1).tier == 600


# The finest tier that still holds the whole span, whatever was maintained.
HOLDS_ALL = {RETENTIONS: 10, SMALL: 600}
windows = st.tuples(
    st.sampled_from([10, 20, 30, 60, 120, 300, 600, 1200]), st.sampled_from([10, 60, 600])
)
happenings = st.lists(
    st.tuples(st.integers(0, SPAN // 10 - 1), st.sampled_from(["write"] * 4 + ["maintain"])),
    max_size=10,
)
sessions = st.lists(happenings, min_size=1, max_size=4)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(HOLDS_ALL)), sessions, st.lists(windows, max_size=4))
def test_any_order_of_flushes_roll_ups_and_restarts_gives_the_same_answers(
    retentions: str, sessions: list[list[tuple[int, str]]], windows: list[tuple[int, int]]
) -> None:
    flushes: list[Flush] = []
    with TemporaryDirectory() as folder:
        for session in [[(-60, "write")], *sessions]:
            with opened(Path(folder), retentions, now=START + SPAN) as store:
                for at, what in session:
                    ts = START + 10 * at
                    if what == "maintain":
                        store.maintain(ts + 10)
                    else:
                        number = len(flushes) + 1
                        flushes.append(runs(ts, number, [float(number), 5.0]))
                        store.write(flushes[-1])
        with opened(Path(folder), retentions, now=START + SPAN) as store:
            for step, tier in windows:
                if step % tier == 0 and tier >= HOLDS_ALL[retentions]:
                    assert_same(store, flushes, Window(START, step, SPAN // step + 1, tier))
            assert_same(store, flushes, store.window(START - 600, START + SPAN, 1))


def test_rows_past_their_retention_go_and_the_coarser_answers_stay(tmp_path: Path) -> None:
    end = START + 3600
    with opened(tmp_path, "10s:10m,1m:30m,10m:10h", now=end) as store:
        flushes = fill(store, START, end)
        assert_same(store, flushes, Window(START, 600, 6, 600))
        assert_same(store, flushes, store.window(START, end, 1))
        for seconds, tier in ((600, 10), (1800, 60), (3600, 600)):
            window = store.window(end - seconds, end)
            assert window.tier == tier
            assert_same(store, flushes, window)
    # Whole periods go: 20 s in steps of ten seconds, a minute in steps of a minute.
    assert 60 <= rows(tmp_path, "timers_10") <= 62
    assert 30 <= rows(tmp_path, "timers_60") <= 31
    assert rows(tmp_path, "timers_600") == 6


def test_nothing_is_dropped_before_it_is_rolled_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise duckdb.IOException("IO Error: no space left on device")

    with opened(tmp_path, SMALL, now=START + 9 * 3600) as store:
        flushes = [runs(START + 10 * i, i, [i + 1.0]) for i in range(100)]
        for flush in flushes:
            store.write(flush)
        with monkeypatch.context() as patch:
            patch.setattr(rollup, "merge_between", failing)
            with pytest.raises(StoreError, match="could not be rolled up"):
                store.maintain(START + 9 * 3600)
        assert_same(store, flushes, Window(START, 1200, 1, 600))
        store.maintain(START + 9 * 3600)
        assert_same(store, flushes, Window(START, 600, 2, 600))
    assert rows(tmp_path, "timers_10") == 0
    assert rows(tmp_path, "timers_60") == 0


def test_a_tier_keeps_what_a_coarser_one_still_needs() -> None:
    held = {10: Held(0, FOREVER), 60: Held(0, START), 600: Held(0, START)}
    now = START + 2 * 86_400
    assert rollup.expired(TIERS, held, now) == {10: START, 60: START, 600: now - 36_000}


def test_the_first_flush_after_a_long_gap_is_kept_beside_what_was_before(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL) as store:
        before = fill(store, START, START + 300)
    later = START + 5 * 3600
    with opened(tmp_path, SMALL, now=later + 10) as store:
        after = runs(later, 3, [8.0])
        store.write(after)
        assert_same(store, [*before, after], store.window(START, later + 10, 1))
        store.maintain(later + 10)
        assert_same(store, [*before, after], store.window(START, later + 10, 1))
        window = store.window(START, later + 600, 300)
        assert_same(store, [*before, after], window)
        assert np.isnan(totals(store, window)[0]).sum() == window.points - 2


def test_a_flush_older_than_the_finest_retention_reaches_the_coarser_tiers(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, now=START + 2 * 3600) as store:
        flushes = fill(store, START + 7000, START + 7200)
        late = runs(START + 100, 11, [4.0])
        store.write(late)
        assert_same(store, [*flushes, late], Window(START, 600, 12, 600))
        assert total(store, START, START + 7200) == expected_total([*flushes, late], 0, 2**40)


def test_maintaining_twice_or_backwards_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        flushes = fill(store, START, START + 700)
        for now in (START + 700, START + 60, START + 700, 0):
            store.maintain(now)
        assert_same(store, flushes, Window(START, 600, 2, 600))
        assert_same(store, flushes, Window(START, 60, 12, 60))


def test_the_file_stops_growing_once_its_retention_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "PERIOD_STEPS", 5)
    times = np.random.default_rng(3).lognormal(3, 1, 400)
    sizes = []
    with opened(tmp_path, "10s:10m,1m:20m") as store:
        for period in range(8):
            for ts in range(START + period * 600, START + (period + 1) * 600, 60):
                store.write(
                    Flush(ts, 10, timers={f"t{i}": Distribution.of(times) for i in range(40)})
                )
                store.maintain(ts + 10)
            while store.tidy(START + (period + 1) * 600):
                store.maintain(START + (period + 1) * 600)
            store._database.checkpoint(beyond=0)
            sizes.append((tmp_path / FILE).stat().st_size)
    assert max(sizes[4:]) <= 1.25 * max(sizes[:4])


def test_random_spans_read_at_any_resolution_are_exact(tmp_path: Path) -> None:
    choose = random.Random(5)
    with opened(tmp_path, SMALL, now=START + SPAN) as store:
        flushes = fill(store, START + SPAN - 1200, START + SPAN)
        for _ in range(30):
            start = START + SPAN - choose.randrange(10, 1200)
            end = choose.randrange(start + 1, START + SPAN + 100)
            assert_same(store, flushes, store.window(start, end, choose.choice([1, 2, 7, 50])))


def test_gauges_roll_up_to_last_low_high_and_mean(tmp_path: Path) -> None:
    values = np.random.default_rng(2).integers(0, 100, 120)
    with opened(tmp_path) as store:
        for i, value in enumerate(values):
            store.write(Flush(START + 10 * i, 10, gauges={"pool": float(value)}))
            store.maintain(START + 10 * i + 10)
        for step in (60, 600):
            window = Window(START, step, 1200 // step, step)
            gauge = store.scalars(series(store, Kind.GAUGE), window)
            by_step = values.reshape(window.points, -1)
            assert gauge.last[0].tolist() == by_step[:, -1].tolist()
            assert gauge.low[0].tolist() == by_step.min(axis=1).tolist()
            assert gauge.high[0].tolist() == by_step.max(axis=1).tolist()
            np.testing.assert_allclose(gauge.mean[0], by_step.mean(axis=1))
