import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.naming import Layout, Paths
from celeryscope.store.protocol import Window
from celeryscope.web import catalog
from celeryscope.web.ranges import Span
from celeryscope.web.reading import Reading, finished, read
from support.fake_store import FakeStore

NOW = 1_700_000_400
WINDOW = Window(start=600, step=10, points=4, tier=10)
FOLLOWS = Span(601, 635, follows=True)


@pytest.mark.parametrize(
    ("covered", "span", "points"),
    [
        ([10, 10, 10, 10], FOLLOWS, 4),
        ([10, 10, 10, 5], FOLLOWS, 3),
        ([10, 10, 10, 0], FOLLOWS, 3),
        ([10, 10, 10, 5], Span(601, 635, follows=False), 4),
        ([10, 10, 10, 5], Span(601, 640, follows=True), 4),
        ([0, 0, 0, 5], FOLLOWS, 4),
    ],
)
def test_an_interval_that_is_still_being_filled_is_not_drawn(
    covered: list[float], span: Span, points: int
) -> None:
    assert finished(WINDOW, np.array(covered, dtype=float), span) == points


def _read(runs_a_flush: float) -> Reading:
    store = FakeStore()
    path = Paths().task("a.b.c")
    for number in range(1, 361):
        counters = {f"{path}.success": runs_a_flush * (number % 40 == 0 or runs_a_flush > 1)}
        store.write(Flush(NOW - number * 10, 10, counters=counters))
    tasks = catalog.tasks(store, "celery", Layout.LEVELS)
    return read(store, tasks, Span(NOW - 3600, NOW, follows=True))


def test_many_runs_are_drawn_as_finely_as_they_are_kept() -> None:
    assert _read(runs_a_flush=12).window.step == 10


def test_few_runs_are_drawn_in_longer_intervals() -> None:
    reading = _read(runs_a_flush=1)
    assert reading.window.step == 120
    assert reading.activity.runs == 9
