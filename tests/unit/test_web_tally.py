import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.naming import Layout
from celeryscope.sketch import Distribution
from celeryscope.store.protocol import Window
from celeryscope.web import catalog
from celeryscope.web.tally import Tally, stretches, tally
from support.fake_store import FakeStore

START = 1_700_000_400
CHARGE, MAIL = "celery.task.shop.orders.charge", "celery.task.shop.mail.send"


def _tally(points: int = 4) -> Tally:
    """Tally ten seconds of work of two tasks, a gap of ten, and half an interval's worth."""
    store = FakeStore()
    store.write(
        Flush(
            START,
            10,
            counters={f"{CHARGE}.success": 60, f"{CHARGE}.failure": 20, f"{MAIL}.success": 20},
            timers={f"{CHARGE}.runtime": Distribution.of([3.0, 5.0], count=80)},
        )
    )
    store.write(Flush(START + 20, 5, counters={f"{MAIL}.success": 10, f"{MAIL}.retry": 5}))
    store.write(Flush(START + 30, 10))
    tasks = catalog.tasks(store, "celery", Layout.LEVELS)
    return tally(store, tasks, store.window(START, START + 10 * points))


def test_runs_and_the_share_of_failures_are_each_tasks_own() -> None:
    assert _tally().runs().tolist() == [35, 80]
    assert _tally().failed().tolist() == [0, 0.25]


def test_rates_divide_by_the_seconds_in_which_the_server_listened() -> None:
    np.testing.assert_equal(_tally().rates, [[2, np.nan, 3, 0], [8, np.nan, 0, 0]])


def test_rates_of_many_intervals_merge_into_a_few_stretches() -> None:
    rates = _tally(points=120).rates
    assert rates.shape == (2, 60)
    assert rates[:, :2].tolist() == [[2, 1], [8, 0]]


def test_the_time_of_all_runs_counts_those_not_sampled() -> None:
    assert _tally().total_time().tolist() == [0, 320]


@pytest.mark.parametrize(("points", "start", "step"), [(4, 600, 10), (7, 610, 20), (9, 600, 30)])
def test_stretches_end_with_the_window(points: int, start: int, step: int) -> None:
    window = Window(600, 10, points, 10)
    merged = stretches(window, 4)
    assert (merged.start, merged.step, merged.end) == (start, step, window.end)
