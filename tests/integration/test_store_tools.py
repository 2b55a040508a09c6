"""The commands that look into a store, check it, take data out and bring data in."""

import json
import time
from pathlib import Path

import duckdb
import numpy as np
import pytest
import whisper
from click.testing import CliRunner, Result

from celeryscope.commands import celeryscope
from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.protocol import Window
from support.stores import START, opened, put, series

END = START + 1500


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(celeryscope, ["store", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with some of each kind, rolled up."""
    with opened(tmp_path / "data", now=END) as store:
        for at in range(START, END, 10):
            timers = {"a.time": Distribution.of([at % 7 + 1.0, 5.0])}
            store.write(Flush(at, 10, {"a.count": 2}, {"pool": at}, {"users": 3}, timers))
            put(store, ("plain.a", at, 1.5))
            store.maintain(at + 10)
    return tmp_path / "data"


def test_stats_show_series_rows_and_times(folder: Path) -> None:
    shown = run("stats", "--data", folder)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "1 counters" in shown.stdout
    found = json.loads(run("stats", "--data", folder, "--json").stdout)
    assert found["series"] == dict.fromkeys(("counters", "gauges", "plain", "sets", "timers"), 1)
    timers = {t["step"]: t for t in found["tables"] if t["table"] == "timers"}
    assert [timers[step]["rows"] for step in (10, 60, 600)] == [150, 25, 2]
    assert (timers[10]["oldest"], timers[10]["newest"]) == (START, END - 10)
    assert timers[60]["retention"] == 30 * 86_400


def test_a_check_finds_nothing_wrong_in_a_whole_store(folder: Path) -> None:
    done = run("check", "--data", folder)
    assert (done.exit_code, done.stdout) == (0, "all is right\n")
    assert "scalars_600: 10 rows compared" not in done.stdout
    assert json.loads(run("check", "--data", folder, "--json").stdout)["ok"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE scalars_60 SET total = 13 WHERE total = 12", "scalars_60: 24 rows unlike"),
        ("DELETE FROM bins_600", "bins_600: "),
        ("UPDATE points_60 SET value = 9", "points_60: 24 rows unlike"),
        ("DELETE FROM series WHERE kind = 'timers'", "timers_10: 150 rows of no known series"),
        ("UPDATE series SET id = 0", "series: 4 numbers given twice"),
    ],
)
def test_a_check_tells_what_is_wrong(folder: Path, damage: str, told: str) -> None:
    with duckdb.connect(str(folder / FILE)) as file:
        file.execute(damage)
    done = run("check", "--data", folder)
    assert done.exit_code == 1
    assert told.partition(":")[0] in done.stdout
    assert told.rpartition(" ")[2] in done.stdout


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_an_export_has_all_rows_of_what_was_asked_for(
    folder: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / "out"
    arguments = ("--from", START + 600, "--until", START + 1200, "--pattern", "a.*")
    done = run("export", out, "--data", folder, "--format", form, *map(str, arguments), "--json")
    assert done.exit_code == 0, done.output
    steps = (10, 60, 600)
    names = [f"{kind}-{step}.{form}" for kind in ("counters", "timers") for step in steps]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    with duckdb.connect() as file:
        rows = file.execute(f"SELECT name, time, count FROM '{out}/counters-60.{form}'").fetchall()
        assert rows == [("a.count", START + at, 12.0) for at in range(600, 1200, 60)]
        timers = f"SELECT samples, max, histogram FROM '{out}/timers-600.{form}'"
        [(samples, largest, histogram)] = file.execute(timers).fetchall()
    bins = [int(one.partition(":")[2]) for one in histogram.split(" ")]
    assert (samples, largest, sum(bins)) == (120, 7.0, 120)


def test_an_export_of_every_kind_writes_each_series_by_its_name(
    folder: Path, tmp_path: Path
) -> None:
    done = run("export", tmp_path / "out", "--data", folder, "--format", "csv")
    assert (done.exit_code, done.stdout) == (0, "5 series, 15 files\n")
    gauges = (tmp_path / "out" / "gauges-600.csv").read_text().splitlines()
    assert gauges[:2] == [
        "name,time,last,low,high,mean",
        f"pool,{START},{START + 590}.0,{START}.0,{START + 590}.0,{START + 295}.0",
    ]
    plain = (tmp_path / "out" / "plain-10.csv").read_text().splitlines()
    assert plain[1] == f"plain.a,{START},1.5"


def test_a_store_that_a_server_holds_is_left_alone(folder: Path) -> None:
    with opened(folder):
        for command in (("stats",), ("check",), ("export", folder), ("import-whisper", folder)):
            done = run(*command, "--data", folder)
            assert done.exit_code == 2
            assert "is held by process" in done.stderr
            assert "stop it first" in done.stderr


def test_a_folder_without_a_store_is_told(tmp_path: Path) -> None:
    done = run("stats", "--data", tmp_path)
    assert (done.exit_code, "has no store" in done.stderr) == (2, True)


def test_a_time_that_is_none_is_told(tmp_path: Path) -> None:
    done = run("export", tmp_path, "--data", tmp_path, "--from", "noon")
    assert (done.exit_code, "'noon' is no time; allowed is" in done.stderr) == (2, True)


def test_whisper_files_become_plain_series_of_their_names(tmp_path: Path) -> None:
    now = int(time.time())
    root, minute = tmp_path / "whisper", now // 60 * 60
    file = root / "servers" / "a" / "load.wsp"
    file.parent.mkdir(parents=True)
    whisper.create(str(file), [(60, 1440), (3600, 8760)], 0.0, "average")
    recent = [(minute - 60 * i, float(i)) for i in range(1, 1000)]
    old = [(minute - 3600 * i, float(i)) for i in range(100, 200)]
    whisper.update_many(str(file), recent + old)
    (root / "broken.wsp").write_bytes(b"nothing of the kind")
    whisper.create(str(root / "runs.wsp"), [(60, 1440)], 0.0, "sum")
    done = run("import-whisper", root, "--data", tmp_path / "data", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["files"], len(found["broken"])) == (1, 3, 1)
    assert found["merged_otherwise"] == {"sum": 1}
    assert "1 files merge by sum, and the store does not" in done.stderr
    assert f"{root / 'broken.wsp'} is no whole Whisper file" in done.stderr
    with opened(tmp_path / "data", now=now) as store:
        assert [one.name for one in series(store, Kind.PLAIN, "**")] == ["servers.a.load"]
        window = Window(minute - 60 * 999, 60, 999, 60)
        read = store.points(series(store, Kind.PLAIN, "**"), window)[0]
        assert read.tolist() == [float(i) for i in range(999, 0, -1)]
        assert known_old(store, minute) >= 98


def known_old(store: DuckDBStore, minute: int) -> int:
    """Return how many of the hourly points can be read."""
    start = (minute - 3600 * 201) // 600 * 600
    window = Window(start, 600, 606, 600)
    read = store.points(series(store, Kind.PLAIN, "**"), window)[0]
    return int(np.isfinite(read).sum())
