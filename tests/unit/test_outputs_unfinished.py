import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celeryscope.address import Address
from celeryscope.carbon.target import Target
from celeryscope.flush import Flush
from celeryscope.outputs.carbon import CarbonOutput
from celeryscope.outputs.points import Points
from celeryscope.outputs.unfinished import Unfinished
from celeryscope.sketch import Distribution
from support.processes import wait_until
from support.recording_carbon import recording_carbon

FIRST = Flush(
    start=100.0,
    seconds=4.0,
    counters={"a": 1.0, "b": 2.0},
    gauges={"g": 1.0},
    sets={"s": 5.0, "t": 1.0},
    timers={"both": Distribution.of([1.0, 5.0], 4.0), "before": Distribution.of([7.0])},
)
SECOND = Flush(
    start=100.0,
    seconds=5.0,
    counters={"b": -3.0, "c": 4.0},
    gauges={"g": 2.0},
    sets={"s": 3.0},
    timers={"both": Distribution.of([3.0], 2.0), "after": Distribution.of([9.0])},
)


def after_restart(path: Path, first: Flush, second: Flush) -> Flush:
    Unfinished(path).save(first)
    return Unfinished(path).whole(second)


def test_both_parts_of_an_interval_are_one_flush(tmp_path: Path) -> None:
    whole = after_restart(tmp_path / "last", FIRST, SECOND)
    assert (whole.start, whole.seconds) == (100.0, 9.0)
    assert whole.counters == {"a": 1.0, "b": -1.0, "c": 4.0}
    assert (whole.gauges, whole.sets) == ({"g": 2.0}, {"s": 5.0, "t": 1.0})
    expected = {"both": [1.0, 3.0, 5.0], "before": [7.0], "after": [9.0]}
    assert whole.timers.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(whole.timers[name].values, values)
    assert whole.timers["both"].count == 6.0


def test_timers_without_their_samples_merge(tmp_path: Path) -> None:
    condensed = replace(FIRST, timers=FIRST.summary().timers)
    both = after_restart(tmp_path / "last", condensed, SECOND).timers["both"]
    assert (both.samples, both.sum, both.max, both.values) == (3, 9.0, 5.0, None)


def test_another_interval_is_left_as_it_is(tmp_path: Path) -> None:
    later = replace(SECOND, start=110.0)
    assert after_restart(tmp_path / "last", FIRST, later) is later


@pytest.mark.parametrize("left", [b"", b"no JSON", b"[]", b'{"timers":{"a":{}}}', b"{}"])
def test_what_cannot_be_read_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, left: bytes
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "last").write_bytes(left)
    assert Unfinished(tmp_path / "last").whole(SECOND) is SECOND
    assert "cannot be read, and is left out" in caplog.text


def test_nothing_left_is_nothing_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Unfinished(tmp_path / "last").whole(SECOND) is SECOND
    assert caplog.text == ""


def test_a_disk_that_is_full_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    Unfinished(tmp_path / "missing" / "last").save(FIRST)
    assert "the last flush is not left for the next start" in caplog.text


def test_carbon_has_all_of_an_interval_in_which_the_server_was_restarted(tmp_path: Path) -> None:
    with recording_carbon() as carbon:
        for flush in (FIRST, SECOND, replace(SECOND, counters={"b": 10.0})):
            target = Target(Address("127.0.0.1", carbon.port))
            unfinished = Unfinished(tmp_path / "last")
            sending = CarbonOutput([target], Points(), 10**6, unfinished=unfinished)
            sending.start()
            sending.put(flush)
            sending.stop()

        def sent() -> list[float]:
            points = carbon.points()
            return [one.value for one in points if one.path == "stats.counters.b.count"]

        wait_until(lambda: len(sent()) == 3, what="the last flush")
        assert sent() == [2.0, -1.0, 9.0]
