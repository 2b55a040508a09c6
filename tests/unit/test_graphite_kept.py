"""What is kept of the grids that requests read: the same values, and nothing read twice."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.kept import KeptGrids
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Settled, Window

STEP = 10


@dataclass
class Past:
    """Two rows that say of each step when it began, and which windows were read."""

    changed: int = 0
    read: list[Window] = field(default_factory=list)

    def __call__(self, window: Window) -> Floats:
        self.read.append(window)
        starts = np.arange(window.start, window.end, window.step, dtype=np.float64)
        return np.array([starts, starts + self.changed])


def window(first: int, points: int, step: int = STEP) -> Window:
    return Window(first * STEP, step, points, STEP)


def everything(version: int = 0) -> Settled:
    return Settled(1e9, version)


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 40), st.integers(0, 900), st.integers(0, 1)),
        max_size=30,
    ),
    st.integers(0, 9000),
)
def test_kept_grids_are_those_that_are_read(
    asked: list[tuple[int, int, int, int]], max_bytes: int
) -> None:
    kept, past, until = KeptGrids(max_bytes), Past(), 0
    for first, points, more, late in asked:
        until += more
        past.changed += late
        found = kept.read("all", window(first, points), Settled(until / 2, past.changed), past)
        np.testing.assert_array_equal(found, Past(past.changed)(window(first, points)))


def test_of_a_range_that_moved_on_only_what_is_new_is_read() -> None:
    kept, past = KeptGrids(), Past()
    for first in range(5):
        kept.read("all", window(first, 100), everything(), past)
    assert past.read == [window(0, 100), *(window(99 + first, 1) for first in range(1, 5))]


def test_a_short_range_leaves_a_long_one_kept() -> None:
    kept, past = KeptGrids(), Past()
    for first, points in ((0, 100), (91, 10), (2, 99)):
        kept.read("all", window(first, points), everything(), past)
    assert past.read == [window(0, 100), window(100, 1)]


def test_what_may_still_change_is_read_again() -> None:
    kept, past = KeptGrids(), Past()
    for _ in range(2):
        kept.read("all", window(0, 10), Settled(75, 0), past)
    assert past.read == [window(0, 10), window(7, 3)]


def test_a_changed_past_is_read_again() -> None:
    kept, past = KeptGrids(), Past()
    for version in (0, 1):
        kept.read("all", window(0, 10), everything(version), past)
    assert past.read == [window(0, 10)] * 2


def test_other_series_and_other_steps_are_others() -> None:
    kept, past = KeptGrids(), Past()
    for what, step in (("all", STEP), ("one", STEP), ("all", 6 * STEP)):
        kept.read(what, window(0, 10, step), everything(), past)
    assert len(past.read) == 3


def test_a_range_off_its_grid_is_read_each_time() -> None:
    kept, past = KeptGrids(), Past()
    off = Window(STEP + 1, STEP, 10, STEP)
    for _ in range(2):
        kept.read("all", off, everything(), past)
    assert past.read == [off, off]


def test_the_oldest_gives_way_when_there_is_no_room() -> None:
    # A grid takes a thousand bytes beside its values.
    kept, past = KeptGrids(2 * 1000 + 2 * Past()(window(0, 11)).nbytes), Past()
    for what in ("a", "b", "a", "c", "a", "b"):
        kept.read(what, window(0, 10), everything(), past)
    assert len(past.read) == 4


def test_grids_of_one_point_take_the_room_of_their_keys() -> None:
    kept, past = KeptGrids(100_000), Past()
    for what in [*range(100), 0]:
        kept.read(what, window(0, 1), everything(), past)
    assert len(past.read) == 101


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 39))
def test_a_range_that_moved_on_keeps_nothing_alive_that_is_not_counted(
    first: int, second: int, begin: int
) -> None:
    kept, past = KeptGrids(), Past()
    kept.read("all", window(0, first), everything(), past)
    kept.read("all", window(begin, second), everything(), past)
    end = max(begin + second, first)
    grid = kept.read("all", window(end - 1, 1), everything(), past)
    held = grid if grid.base is None else grid.base
    assert held.shape[1] <= max(first, second)
