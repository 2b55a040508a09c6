"""Writing flushes and reading them back, on real files."""

import math
from pathlib import Path
from threading import Event, Thread

import duckdb
import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store import catalog, database
from celeryscope.store import duckdb as store_module
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.protocol import Series, StoreError, Window
from celeryscope.store.rows import Columns
from celeryscope.store.tiers import parse_retentions
from support.stores import START, merged, opened, runs, series, total, totals

NAN = math.nan


def test_a_flush_is_visible_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(
            Flush(
                START,
                10,
                counters={"task.runs": 3},
                gauges={"pool": 8},
                sets={"users": 5},
                timers={"task.runtime": Distribution.of([1, 2, 3, 4], count=40)},
            )
        )
        window = store.window(START, START + 10)
        assert store.scalars(series(store, pattern="task.*"), window).total.tolist() == [[3]]
        assert store.scalars(series(store, Kind.GAUGE), window).last.tolist() == [[8]]
        assert store.scalars(series(store, Kind.SET), window).last.tolist() == [[5]]
        cells = store.timers([series(store, Kind.TIMER, "task.*")], window).cells
        assert (cells.count.tolist(), cells.sum.tolist()) == ([40], [10])
        assert (cells.min.tolist(), cells.max.tolist()) == ([1], [4])
        assert store.series_count == 4


def test_counters_are_zero_while_the_server_listened_and_unknown_otherwise(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(Flush(START, 10))
        store.write(runs(START + 10, 5))
        store.write(Flush(START + 20, 10))
        store.write(runs(START + 50, 7))
        window = store.window(START, START + 60)
        np.testing.assert_equal(totals(store, window), [[NAN, 5, 0, NAN, NAN, 7]])
        assert store.covered(window).tolist() == [10, 10, 10, 0, 0, 10]


@pytest.mark.parametrize("wanted", [[0], [7, 2, 4], [0, 39], [5, 5], [*range(40)]])
def test_counters_are_read_in_any_order_and_however_far_apart(
    tmp_path: Path, wanted: list[int]
) -> None:
    with opened(tmp_path) as store:
        counts = np.arange(80.0).reshape(2, 40)
        for i, row in enumerate(counts.tolist()):
            counters = {f"task{number:02}": count for number, count in enumerate(row)}
            store.write(Flush(START + 10 * i, 10, counters, gauges={"pool": 3}))
        found = series(store)
        picked = [found[number] for number in wanted]
        window = store.window(START, START + 20)
        assert store.scalars(picked, window).total.tolist() == counts[:, wanted].T.tolist()
        assert (
            store.totals([[one] for one in picked], window).tolist() == counts[:, wanted].T.tolist()
        )


def test_gauges_and_sets_are_never_made_up(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(Flush(START, 10, gauges={"pool": 4}, sets={"users": 2}))
        store.write(Flush(START + 10, 10))
        window = store.window(START, START + 20)
        for kind in (Kind.GAUGE, Kind.SET):
            values = store.scalars(series(store, kind), window)
            for statistic in (values.total, values.last, values.low, values.high, values.mean):
                assert np.isnan(statistic).tolist() == [[False, True]]


def test_a_gauge_keeps_its_last_least_greatest_and_mean(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for i, value in enumerate([5, 9, 1, 3, 2, 4]):
            store.write(Flush(START + 10 * i, 10, gauges={"pool": value}))
        for _ in range(2):
            gauge = store.scalars(series(store, Kind.GAUGE), Window(START, 60, 1, 60))
            assert (gauge.last.item(), gauge.low.item(), gauge.high.item()) == (4, 1, 9)
            assert gauge.mean.item() == 4
            store.maintain(START + 60)


def test_a_late_flush_does_not_become_a_gauges_last_value(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(Flush(START + 50, 10, gauges={"pool": 2}))
        store.maintain(START + 60)
        store.write(Flush(START + 20, 10, gauges={"pool": 7}))
        gauge = store.scalars(series(store, Kind.GAUGE), Window(START, 60, 1, 60))
        assert (gauge.last.item(), gauge.high.item()) == (2, 7)


def test_timers_merge_across_series_and_time(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(
            Flush(START, 10, timers={n: Distribution.of([v]) for n, v in (("a", 1), ("b", 2))})
        )
        store.write(Flush(START + 10, 10, timers={"a": Distribution.of([3, 4])}))
        a, b = series(store, Kind.TIMER)
        timers = store.timers([[a], [b], [a, b], []], store.window(START, START + 20))
        cells = timers.cells
        assert timers.grid(cells.samples.astype(float)).tolist() == [[1, 2], [1, 0], [2, 2], [0, 0]]
        np.testing.assert_equal(timers.grid(cells.sum), [[1, 7], [2, NAN], [3, 7], [NAN, NAN]])
        np.testing.assert_equal(timers.grid(cells.max), [[1, 4], [2, NAN], [2, 4], [NAN, NAN]])
        median = timers.grid(cells.percentile(50)).ravel()
        np.testing.assert_allclose(median, [1, 3, 2, NAN, 1, 3, NAN, NAN], rtol=0.01)
        whole = store.timers([[a, b]], Window(START, 20, 1, 10)).cells
        assert (whole.samples.item(), whole.sum.item()) == (4, 10)


def test_many_timers_merge_alike_whether_all_of_them_are_asked_for_or_not(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for i in range(2):
            timers = {f"t{n}": Distribution.of([n + 1.0, 7.0]) for n in range(40)}
            store.write(Flush(START + 10 * i, 10, {"a": 1}, {"b": 1}, timers=timers))
        window = store.window(START, START + 20)
        every = series(store, Kind.TIMER)
        for chosen in (every, every[:30], every[1::2], [*every, every[0]]):
            [cells] = [store.timers([chosen], window).cells]
            assert cells.samples.tolist() == [2 * len(chosen)] * 2
            numbers = [int(one.name[1:]) + 1.0 for one in chosen]
            np.testing.assert_allclose(cells.sum, [sum(numbers) + 7.0 * len(chosen)] * 2)
            assert cells.counts.sum() == 4 * len(chosen)


def test_totals_add_up_the_counters_of_a_group(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(Flush(START, 10, counters={"a": 1, "b": 2}))
        store.write(Flush(START + 20, 10, counters={"a": 4}))
        a, b = series(store)
        totals = store.totals([[a], [a, b], []], store.window(START, START + 30))
        assert totals.tolist() == [[1, 0, 4], [3, 0, 4], [0, 0, 0]]


def test_reading_no_series_or_an_empty_store_gives_empty_answers(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        window = store.window(START, START + 20)
        unknown = Series(99, Kind.COUNTER, "gone", START + 10**6)
        assert store.scalars([], window).total.shape == (0, 2)
        assert store.totals([], window).shape == (0, 2)
        assert store.totals([[unknown]], window).tolist() == [[0, 0]]
        assert store.timers([], window).cells.samples.shape == (0,)
        assert store.covered(window).tolist() == [0, 0]
        assert np.isnan(store.scalars([unknown], window).total).all()
        assert merged(store, window).samples.tolist() == [0, 0]
        assert store.find(Kind.COUNTER, ["**"]) == []


def test_two_flushes_for_one_interval_merge(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(Flush(START, 4, {"jobs": 1}, {"pool": 1}, timers={"t": Distribution.of([1])}))
    with opened(tmp_path) as store:
        store.write(
            Flush(START + 5, 5, {"jobs": 2}, {"pool": 2}, timers={"t": Distribution.of([1, 9])})
        )
        window = store.window(START, START + 10)
        assert totals(store, window).tolist() == [[3]]
        assert store.covered(window).tolist() == [9]
        assert store.scalars(series(store, Kind.GAUGE), window).last.tolist() == [[2]]
        cells = merged(store, window)
        assert (cells.samples.item(), cells.sum.item(), cells.max.item()) == (3, 11, 9)
        assert cells.counts.tolist() == [2, 1]


def test_series_keep_their_ids_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(Flush(START, 10, {"a.b": 1, "c": 1}, timers={"a.b": Distribution.of([1])}))
        before = series(store, Kind.COUNTER, "**") + series(store, Kind.TIMER, "**")
    with opened(tmp_path) as store:
        assert series(store, Kind.COUNTER, "**") + series(store, Kind.TIMER, "**") == before
        store.write(Flush(START + 10, 10, {"a.b": 1, "d": 1}))
        after = series(store, Kind.COUNTER, "**")
        assert [one for one in after if one.name != "d"] == before[:2]
        assert len({one.id for one in [*after, *before]}) == 4
        assert after[-1].first_seen == START + 10


@pytest.mark.parametrize("table", ["series", "flushes_10", "scalars_10", "bins_10"])
def test_a_flush_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    def failing(cursor: duckdb.DuckDBPyConnection, into: str, columns: Columns) -> None:
        database.insert(cursor, into, columns)
        if into == table:
            raise duckdb.IOException("IO Error: no space left on device\nmore about it")

    with opened(tmp_path) as store:
        store.write(runs(START, 1, [1.0]))
        before = series(store)
        with monkeypatch.context() as patch:
            patch.setattr(store_module, "insert", failing)
            patch.setattr(catalog, "insert", failing)
            with pytest.raises(StoreError, match="could not be written: IO Error: no space") as e:
                store.write(Flush(START, 10, {"new": 1}, timers={"n": Distribution.of([1])}))
        assert "\n" not in str(e.value)
        assert series(store) == before
        assert total(store, START, START + 10) == 1
        store.write(Flush(START, 10, {"newer": 5}))
        assert [one.id for one in series(store)] == [before[0].id, 2]
        assert total(store, START, START + 10) == 6


def test_a_closed_store_refuses_with_a_store_error(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        pass
    with pytest.raises(StoreError, match="could not be written"):
        store.write(Flush(START, 10))
    with pytest.raises(StoreError, match="could not be read"):
        store.covered(Window(START, 10, 1, 10))


def test_a_read_that_needs_too_much_memory_is_told_and_leaves_the_store_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_MEMORY", "16MB")
    with opened(tmp_path) as store:
        with (
            pytest.raises(StoreError, match=r"could not be read: DuckDB needs more .*; ask again"),
            store.inside() as (cursor, _),
        ):
            cursor.execute("SELECT list(range) FROM range(10000000)").fetchall()
        store.write(runs(START, 3))
        assert total(store, START, START + 10) == 3


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(np.random.default_rng(1).bytes(50_000))
    with pytest.raises(StoreError, match=r"cannot be opened .*move it away to start anew") as e:
        DuckDBStore.open(tmp_path, parse_retentions("10s:2d"), lambda: START)
    assert str(tmp_path / FILE) in str(e.value)
    assert "\n" not in str(e.value)


def test_a_file_that_is_no_store_of_ours_is_told_in_one_line(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / FILE)) as other:
        other.execute("CREATE TABLE series (colour VARCHAR)")
    with pytest.raises(StoreError, match="could not be opened") as e:
        DuckDBStore.open(tmp_path, parse_retentions("10s:2d"), lambda: START)
    assert "\n" not in str(e.value)


def test_another_format_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(runs(START))
    with duckdb.connect(str(tmp_path / FILE)) as file:
        file.execute("UPDATE format SET version = 99")
    with pytest.raises(StoreError, match="has format 99, this celeryscope reads 2; use"):
        DuckDBStore.open(tmp_path, parse_retentions("7s:2d"), lambda: START)
    with duckdb.connect(str(tmp_path / FILE)) as file:
        assert file.execute("SELECT count(*) FROM scalars_10").fetchall() == [(1,)]
        file.execute("UPDATE format SET version = 2")
    with opened(tmp_path) as store:
        assert total(store, START, START + 10) == 1


def test_a_store_of_the_format_before_is_upgraded(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / FILE)) as file:
        file.execute(
            "CREATE TABLE format (version INTEGER);"
            "CREATE TABLE series (id INTEGER, kind VARCHAR, name VARCHAR, first_seen BIGINT);"
            "CREATE TABLE tiers (step INTEGER, held_since BIGINT, held_until BIGINT);"
            "CREATE TABLE flushes_10 (ts BIGINT, seconds DOUBLE);"
            "CREATE TABLE scalars_10 (series INTEGER, ts BIGINT, total DOUBLE, last DOUBLE, "
            "last_at DOUBLE, low DOUBLE, high DOUBLE, samples BIGINT);"
            "CREATE TABLE timers_10 (series INTEGER, ts BIGINT, count DOUBLE, samples BIGINT, "
            "sum DOUBLE, sum_squares DOUBLE, min DOUBLE, max DOUBLE);"
            "CREATE TABLE bins_10 (series INTEGER, ts BIGINT, bucket SMALLINT, n BIGINT);"
            "INSERT INTO format VALUES (1);"
            f"INSERT INTO series VALUES (0, 'counters', 'jobs', {START});"
            f"INSERT INTO tiers VALUES (10, 0, {2**62});"
            f"INSERT INTO flushes_10 VALUES ({START}, 10);"
            f"INSERT INTO scalars_10 (series, ts, total) VALUES (0, {START}, 3);"
        )
    for retentions in ("20s:2d,1m:30d", "20s:2d"):
        with opened(tmp_path, retentions) as store:
            assert total(store, START, START + 20) == 3


def test_a_failed_opening_frees_the_folder(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError):
        DuckDBStore.open(tmp_path, parse_retentions("10s:2d"), lambda: START)
    (tmp_path / FILE).unlink()
    with opened(tmp_path) as store:
        assert store.series_count == 0


def test_many_threads_read_whole_flushes_while_one_writes_and_rolls_up(tmp_path: Path) -> None:
    done, failures = Event(), []

    def read(store: DuckDBStore) -> None:
        seen = 0.0
        try:
            while not done.is_set():
                window = store.window(START, START + 3600, 1)
                count = float(np.nansum(totals(store, window)))
                samples = int(merged(store, window).samples.item())
                assert count % 3 == 0, f"half a flush was seen: {count}"
                assert count >= seen, f"{count} after {seen}"
                assert samples >= count / 3, f"{samples} timers after {count / 3} flushes"
                seen = count
        except Exception as error:  # noqa: BLE001 -- a thread's failure is told by the test
            failures.append(error)

    with opened(tmp_path, "10s:10m,1m:1d", now=START + 1200) as store:
        store.write(Flush(START, 10, {"a": 1, "b": 2}, timers={"t": Distribution.of([1])}))
        readers = [Thread(target=read, args=[store]) for _ in range(3)]
        for reader in readers:
            reader.start()
        for i in range(1, 41):
            ts = START + 10 * i
            store.write(Flush(ts, 10, {"a": 1, "b": 2}, timers={"t": Distribution.of([1])}))
            store.maintain(ts + 10)
        done.set()
        for reader in readers:
            reader.join()
        assert failures == []
        assert total(store, START, START + 3600) == 123
