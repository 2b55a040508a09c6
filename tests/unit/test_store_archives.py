"""Schemas: each keeps its series in steps of its own, and may change over what is stored."""

from pathlib import Path

import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import Series, Window
from support.stores import START, opened, put

SECONDS = "10s:20m,1m:2h,10m:10h"
SLOW = "[slow]\npattern = \\.slow$\nretentions = 1m:1h,5m:10h\n"
SLOWER = "[slower]\npattern = \\.slow$\nretentions = 5m:10h\n"
COARSER = "[slow]\npattern = \\.slow$\nretentions = 5m:10h\n"
FINER = "[slow]\npattern = \\.slow$\nretentions = 10s:10h\n"
ODD = "[odd]\npattern = \\.slow$\nretentions = 7s:10h\n"
END = START + 1500


def fill(store: DuckDBStore, start: int = START, end: int = END) -> None:
    """Write ten-second flushes of a fast and a slow series of each kind, and points."""
    for at in range(start, end, 10):
        names = ("jobs.fast", "jobs.slow")
        times = {name: Distribution.of([at % 50 + 1.0, 5.0]) for name in names}
        both = dict.fromkeys(names, 2.0)
        store.write(Flush(at, 10, both, {"pool.fast": at, "pool.slow": at}, timers=times))
        put(store, ("plain.fast", at, 3), ("plain.slow", at, 3))
        store.maintain(at + 10)


def one(store: DuckDBStore, kind: Kind, name: str) -> Series:
    [node] = store.find(kind, name.split("."))
    assert node.series is not None
    return node.series


def answers(store: DuckDBStore, which: str, window: Window) -> list[list[float]]:
    """Return what a window says of the series of each kind that end in `which`."""
    jobs, times, pool, plain = (
        one(store, kind, f"{name}.{which}")
        for kind, name in (
            (Kind.COUNTER, "jobs"),
            (Kind.TIMER, "jobs"),
            (Kind.GAUGE, "pool"),
            (Kind.PLAIN, "plain"),
        )
    )
    cells = store.timers([[times]], window).cells
    return [
        store.scalars([jobs], window).total[0].tolist(),
        cells.samples.tolist(),
        cells.sum.tolist(),
        cells.percentile(90).tolist(),
        store.scalars([pool], window).last[0].tolist(),
        store.points([plain], window)[0].tolist(),
    ]


def assert_alike(store: DuckDBStore, step: int, points: int) -> None:
    """Compare the slow series, where a window has five minutes or more, with the fast."""
    window = Window(START, step, points, step)
    fast, slow = answers(store, "fast", window), answers(store, "slow", window)
    np.testing.assert_allclose(slow, fast)
    assert sum(slow[0]) == 300


def test_each_schema_has_steps_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path, SECONDS, END, SLOW) as store:
        fill(store)
        fast, slow = (one(store, Kind.COUNTER, f"jobs.{which}") for which in ("fast", "slow"))
        assert store.window(END - 600, END, archive=fast.archive).step == 10
        window = store.window(END - 600, END, archive=slow.archive)
        assert (window.step, window.archive) == (60, slow.archive)
        assert store.scalars([slow], window).total.tolist() == [[12.0] * 10]
        assert store.covered(window).tolist() == [60] * 10
        assert_alike(store, 300, 5)


def test_one_window_reads_series_of_all_schemas(tmp_path: Path) -> None:
    with opened(tmp_path, SECONDS, END, SLOW) as store:
        fill(store)
        window = store.window(END - 60, END)
        series = [one(store, Kind.COUNTER, f"jobs.{which}") for which in ("fast", "slow")]
        assert np.nansum(store.scalars(series, window).total, axis=1).tolist() == [12, 12]
        assert store.totals([series], window).sum() == 24
        assert store.timers([series], window).cells.samples.sum() == 0
        timers = [one(store, Kind.TIMER, f"jobs.{which}") for which in ("fast", "slow")]
        assert store.timers([timers], window).cells.samples.sum() == 24


def test_a_window_reaches_back_where_only_a_coarser_tier_has_a_series(tmp_path: Path) -> None:
    now = START + 3 * 3600
    with opened(tmp_path, "10s:10h", now, SLOW) as store:
        fill(store)
        store.maintain(now)
        window = store.window(START, START + 1500)
        assert window.tier == 10
        slow = one(store, Kind.COUNTER, "jobs.slow")
        assert np.nansum(store.scalars([slow], window).total) == 300


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(("", SLOW), (SLOW, ""), (SLOW, SLOWER), (SLOWER, SLOW)),
        *(("", SLOWER), (SLOWER, ""), ("", ODD)),
        *((SLOW, COARSER), (COARSER, FINER)),
    ],
)
def test_patterns_that_change_move_what_is_stored(tmp_path: Path, before: str, after: str) -> None:
    with opened(tmp_path, SECONDS, END, before) as store:
        fill(store)
    for _ in range(2):
        with opened(tmp_path, SECONDS, END, after) as store:
            window = store.window(START, END, 1)
            totals = answers(store, "slow", window)
            assert (totals[0], totals[1]) == ([300], [300])
            np.testing.assert_allclose(totals, answers(store, "fast", window))
            if after != ODD:
                assert_alike(store, 300, 5)
    with opened(tmp_path, SECONDS, END + 600, after) as store:
        fill(store, END, END + 600)
        window = store.window(START, END + 600, 1)
        np.testing.assert_allclose(answers(store, "slow", window), answers(store, "fast", window))


def test_what_only_coarser_tiers_still_have_moves_into_a_finer_one(tmp_path: Path) -> None:
    fine = "[fine]\npattern = \\.slow$\nretentions = 10s:10h\n"
    with opened(tmp_path, SECONDS, END) as store:
        fill(store)
    with opened(tmp_path, SECONDS, END, fine) as store:
        slow = answers(store, "slow", store.window(START, END, 1))
        assert (slow[0], slow[1]) == ([300], [300])


def test_tables_of_a_schema_that_is_gone_go(tmp_path: Path) -> None:
    with opened(tmp_path, SECONDS, END, SLOW) as store:
        fill(store, START, START + 120)
    with opened(tmp_path, SECONDS, END) as store, store._database.transaction("read") as cursor:
        tables = {
            name for (name,) in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
        assert {"scalars_10", "scalars_60"} <= tables
        assert not any(name.startswith("scalars_60_") for name in tables)
        assert cursor.execute("SELECT count(*) FROM tiers").fetchall() == [(3,)]
