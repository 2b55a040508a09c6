import numpy as np
import pytest

from celeryscope.sketch import Distribution, Distributions
from celeryscope.web.catalog import Task
from celeryscope.web.table import Table, table
from celeryscope.web.tally import Tally
from celeryscope.web.view import SORTS, View

NOTHING = Distribution(
    0, 0, np.nan, np.nan, np.nan, np.nan, np.empty(0, np.int16), np.empty(0, np.int64)
)
TASKS = [Task(name, ("_", "_", name)) for name in ("fast", "idle", "slow", "untimed")]


def _table(view: View) -> Table:
    times = [Distribution.of([1.0] * 10), Distribution.of([500.0, 1500.0], count=20)]
    done = Tally(
        ended=np.array([[10, 0, 1, 5], [0, 0, 0, 0], [0, 0, 1, 1]], dtype=float),
        rates=np.array([[0.6, 0.4], [0, 0], [0.2, 0], [0, 0.6]]),
        times=Distributions.of([times[0], NOTHING, times[1], NOTHING]),
    )
    return table(TASKS, done, view)


def _names(sort: str) -> list[str]:
    return [row.task.name for row in _table(View(sort=sort)).rows]


def test_a_row_sums_up_its_task() -> None:
    shown = _table(View(sort="-total"))
    slow = shown.rows[0]
    assert (slow.runs, slow.failed, slow.total, slow.share) == (2, 0.5, 20_000, 1)
    assert slow.p99 == pytest.approx(1500, rel=0.01)
    assert slow.rates.tolist() == [0.2, 0]
    assert shown.rows[1].share == 10 / 20_000


def test_tasks_that_did_not_run_are_only_counted() -> None:
    shown = _table(View())
    assert (shown.of, shown.idle) == (3, 1)
    assert "idle" not in _names("-runs")


def test_rows_are_ordered_by_any_column_and_without_a_value_come_last() -> None:
    assert _names("-runs") == ["fast", "untimed", "slow"]
    assert _names("runs") == ["slow", "untimed", "fast"]
    assert _names("task") == ["fast", "slow", "untimed"]
    assert _names("-task") == ["untimed", "slow", "fast"]
    assert _names("-failed") == ["slow", "untimed", "fast"]
    assert _names("-p95") == ["slow", "fast", "untimed"]
    assert _names("p95") == ["fast", "slow", "untimed"]
    assert _names("-rate") == ["untimed", "fast", "slow"]


@pytest.mark.parametrize("column", SORTS)
def test_every_column_turns_round(column: str) -> None:
    assert sorted(_names(column)) == sorted(_names(f"-{column}")) == ["fast", "slow", "untimed"]


def test_long_tables_show_a_hundred_rows_until_asked_for_all() -> None:
    tasks = [Task(f"t{number:03}", ("_", "_", "t")) for number in range(150)]
    done = Tally(np.ones((3, 150)), np.ones((150, 1)), Distributions.of([NOTHING] * 150))
    assert len(table(tasks, done, View()).rows) == 100
    assert len(table(tasks, done, View(rows="all")).rows) == 150
    assert table(tasks, done, View()).of == 150
