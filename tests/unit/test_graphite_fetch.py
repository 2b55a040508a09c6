import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.graphite import fetch
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.span import Span
from celeryscope.sketch import Distribution
from celeryscope.store.protocol import Store, Window
from support.fake_store import FakeStore

START = 1_700_000_040  # on a full minute
Points = list[float | None]


def store() -> FakeStore:
    """Hold six intervals of ten seconds; in the fifth the server listened for half the time."""
    filled = FakeStore()
    for place, seconds in enumerate([10, 10, 10, 10, 5, 10]):
        timers = {} if place == 1 else {"t": Distribution.of([1.0, 2.0 + place], count=4)}
        filled.write(
            Flush(
                start=START + 10 * place,
                seconds=seconds,
                counters={"c": 10.0 * place} if place else {"other": 1},
                gauges={"g": float(place)},
                sets={"s": float(5 - place)},
                timers=timers,
            )
        )
    return filled


def points(path: str, number: int | None = None) -> Points:
    (series,) = render(store(), (), [path], Span(START, START + 60, number))
    return [None if np.isnan(value) else value for value in series.values.tolist()]


@pytest.mark.parametrize(
    ("path", "finest", "halves", "whole"),
    [
        ("stats.counters.c.count", [None, 10, 20, 30, 40, 50], [30, 120], 150),
        ("stats.counters.c.rate", [None, 1, 2, 3, 8, 5], [1, 4.8], 150 / 55),
        ("stats.gauges.g", [0, 1, 2, 3, 4, 5], [1, 4], 2.5),
        ("stats.sets.s.count", [5, 4, 3, 2, 1, 0], [5, 2], 5),
        ("stats.timers.t.count", [4, 0, 4, 4, 4, 4], [8, 12], 20),
        ("stats.timers.t.count_ps", [0.4, 0, 0.4, 0.4, 0.8, 0.4], [8 / 30, 0.48], 20 / 55),
        ("stats.timers.t.upper", [2, None, 4, 5, 6, 7], [4, 7], 7),
        ("stats.timers.t.lower", [1, None, 1, 1, 1, 1], [1, 1], 1),
        ("stats.timers.t.mean", [1.5, None, 2.5, 3, 3.5, 4], [2, 3.5], 2.9),
        ("stats.timers.t.sum", [3, None, 5, 6, 7, 8], [8, 21], 29),
        ("stats.timers.t.upper_100", [2, None, 4, 5, 6, 7], [4, 7], 7),
    ],
)
def test_each_kind_is_merged_in_its_own_way(
    path: str, finest: Points, halves: Points, whole: float
) -> None:
    assert points(path) == pytest.approx(finest)
    assert points(path, 2) == pytest.approx(halves)
    assert points(path, 1) == pytest.approx([whole])


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("stats.counters.c.count", "sum"),
        ("stats.counters.c.rate", "average"),
        ("stats.gauges.g", "average"),
        ("stats.sets.s.count", "max"),
        ("stats.timers.t.count", "sum"),
        ("stats.timers.t.count_ps", "average"),
        ("stats.timers.t.sum_90", "sum"),
        ("stats.timers.t.sum_squares", "sum"),
        ("stats.timers.t.upper_90", "max"),
        ("stats.timers.t.lower_top10", "min"),
        ("stats.timers.t.std", "average"),
    ],
)
def test_what_was_read_is_consolidated_by_its_statistic(path: str, method: str) -> None:
    (series,) = render(store(), (), [path], Span(START, START + 60))
    assert series.method == method


def test_a_range_is_from_its_start_up_to_its_end() -> None:
    (series,) = render(store(), (), ["stats.gauges.g"], Span(START + 10, START + 30))
    assert (series.start, series.end, series.values.tolist()) == (START + 10, START + 30, [1, 2])


def test_what_was_never_listened_to_is_null() -> None:
    span = Span(START + 600, START + 620)
    for path in ("stats.counters.c.{count,rate}", "stats.timers.t.{count,count_ps,mean}"):
        for series in render(store(), (), [path], span):
            assert np.isnan(series.values).all(), series.name


def test_a_series_carries_its_name_path_and_tags() -> None:
    (series,) = render(store(), (), ["stats.gauges.*"], Span(START, START + 60))
    assert (series.name, series.path) == ("stats.gauges.g", "stats.gauges.*")
    assert series.tags == {"name": "stats.gauges.g"}


@pytest.mark.parametrize(
    ("read", "limit", "path"),
    [
        ("timers", "_TIMER_CELLS_AT_ONCE", "stats.timers.*.{count,upper_90}"),
        ("scalars", "_CELLS_AT_ONCE", "stats.counters.*.{count,rate}"),
        ("scalars", "_CELLS_AT_ONCE", "stats.gauges.*"),
    ],
)
def test_many_series_are_read_some_at_a_time(
    read: str, limit: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, filled, sizes = [f"t{i}" for i in range(7)], FakeStore(), []
    values = {name: float(name[1:]) for name in names}
    timers = {name: Distribution.of([value]) for name, value in values.items()}
    filled.write(Flush(START, 10, counters=values, gauges=values, timers=timers))
    whole = render(filled, (90.0,), [path], Span(START, START + 60))
    monkeypatch.setattr(fetch, limit, 20)
    reader = getattr(FakeStore, read)

    def reads(store: Store, series: list[object], window: Window) -> object:
        sizes.append(len(series) * window.points)
        return reader(store, series, window)

    monkeypatch.setattr(FakeStore, read, reads)
    parts = render(filled, (90.0,), [path], Span(START, START + 60))
    assert sizes == [18, 18, 6]
    assert [one.name for one in parts] == [one.name for one in whole]
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
