import json
import os
from pathlib import Path

import pytest

from celeryscope.flush import Flush
from celeryscope.outputs.console import Console, line
from celeryscope.sketch import Distribution

FLUSH = Flush(
    1_700_000_000.0,
    10.0,
    counters={"orders": 2.0},
    gauges={"load": 0.5},
    sets={"users": 3.0},
    timers={"page": Distribution.of(range(1, 101), count=200.0)},
)
POINTS = 4


def test_a_flush_is_one_line_of_json(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        console = Console(out)
        console.start()
        console.put(FLUSH)
        console.put(FLUSH)
        console.stop()
    lines = (tmp_path / "out").read_bytes().splitlines(keepends=True)
    assert lines == [line(FLUSH)] * 2
    assert console.counters() == {
        "outputs.console.sent": 2 * POINTS,
        "outputs.console.dropped": 0,
    }


def test_a_line_has_statistics_and_no_samples() -> None:
    told = json.loads(line(FLUSH))
    page = told["timers"].pop("page")
    assert told == {
        "start": 1_700_000_000.0,
        "seconds": 10.0,
        "counters": {"orders": 2.0},
        "gauges": {"load": 0.5},
        "sets": {"users": 3.0},
        "timers": {},
    }
    exact = {"count": 200, "samples": 100, "sum": 5050, "min": 1, "max": 100, "mean": 50.5}
    percentiles = {f"p{percent}": pytest.approx(percent, rel=0.01) for percent in (50, 90, 95, 99)}
    assert page == {**exact, **percentiles}


def test_a_flush_without_timers_is_a_line_too() -> None:
    assert json.loads(line(Flush(0.0, 10.0)))["timers"] == {}


def test_a_closed_pipe_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", 0) as out:
        console = Console(out)
        console.start()
        console.put(FLUSH)
        console.put(FLUSH)
        console.stop()
    assert console.counters() == {
        "outputs.console.sent": 0,
        "outputs.console.dropped": 2 * POINTS,
    }
    assert len(caplog.messages) == 1


def test_flushes_that_nobody_reads_wait_up_to_a_limit(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        console = Console(out, max_waiting=2)
        for _ in range(3):
            console.put(FLUSH)
    assert console.gauges() == {"outputs.console.queue": 2.0}
    assert console.counters()["outputs.console.dropped"] == POINTS
