import pytest

from celeryscope.flush import Flush
from celeryscope.metrics import STATSD_KINDS, Kind
from celeryscope.namespace import Naming
from celeryscope.outputs.points import Points, timestamp
from celeryscope.sketch import Distribution
from celeryscope.timers import TimerStatistics

BRIEF = TimerStatistics((90,), wanted=frozenset({"count", "count_ps", "upper_percent"}))
BUSY = Flush(
    start=1_700_000_000.5,
    seconds=0.5,
    counters={"c": 4, "celeryscope.lines": 6},
    gauges={"g": 1.5},
    sets={"s": 2},
    timers={"t": Distribution.of([1, 2], 20)},
)
ALL = frozenset(STATSD_KINDS)


def idle(after: float, **gauges: float) -> Flush:
    return Flush(start=BUSY.start + after, seconds=0.5, gauges=gauges)


def test_a_flush_is_what_node_would_send() -> None:
    assert list(Points(statistics=BRIEF).of(BUSY)) == [
        ("stats.counters.c.rate", 8),
        ("stats.counters.c.count", 4),
        ("stats.counters.celeryscope.lines.rate", 12),
        ("stats.counters.celeryscope.lines.count", 6),
        ("stats.timers.t.count", 20),
        ("stats.timers.t.count_ps", 40),
        ("stats.timers.t.upper_90", 2),
        ("stats.gauges.g", 1.5),
        ("stats.sets.s.count", 2),
    ]
    assert timestamp(BUSY) == 1_700_000_000


def test_names_are_as_they_are_set() -> None:
    naming = Naming(legacy=True, prefix_stats="own", global_suffix="h1")
    sent = list(Points(naming, BRIEF).of(Flush(0, 1, {"celeryscope.lines;a=b": 6, "c": 1})))
    assert sent == [
        ("stats.own.lines.h1;a=b", 6),
        ("stats_counts.own.lines.h1;a=b", 6),
        ("stats.c.h1", 1),
        ("stats_counts.c.h1", 1),
    ]


def test_all_statistics_of_a_timer_are_sent_with_its_bins() -> None:
    statistics = TimerStatistics((90, -10), (("t", (1.5, float("inf"))),))
    sent = dict(Points(statistics=statistics).of(BUSY))
    below = {path.removeprefix("stats.timers.t.") for path in sent if ".timers." in path}
    assert {"histogram.bin_1_5", "histogram.bin_inf", "sum_squares_90", "std"} < below
    assert "lower_top10" not in below


def test_an_idle_series_is_0_and_a_gauge_keeps_its_value() -> None:
    points = Points(statistics=BRIEF)
    points.of(BUSY)
    for after in (1, 2):
        assert dict(points.of(idle(after, g=1.5))) == {
            "stats.counters.c.rate": 0,
            "stats.counters.c.count": 0,
            "stats.counters.celeryscope.lines.rate": 0,
            "stats.counters.celeryscope.lines.count": 0,
            "stats.timers.t.count": 0,
            "stats.timers.t.count_ps": 0,
            "stats.gauges.g": 1.5,
            "stats.sets.s.count": 0,
        }


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Kind.COUNTER, "stats.counters.c.count"),
        (Kind.TIMER, "stats.timers.t.count"),
        (Kind.SET, "stats.sets.s.count"),
    ],
)
def test_idle_series_of_a_kind_are_left_out_if_asked(kind: Kind, path: str) -> None:
    kept, deleted = Points(), Points(delete_idle=frozenset({kind}))
    kept.of(BUSY)
    deleted.of(BUSY)
    assert path in dict(kept.of(idle(1)))
    assert path not in dict(deleted.of(idle(1)))


def test_the_servers_own_counters_are_0_even_if_idle_ones_are_left_out() -> None:
    points = Points(delete_idle=ALL)
    points.of(BUSY)
    assert dict(points.of(idle(1))) == {
        "stats.counters.celeryscope.lines.rate": 0,
        "stats.counters.celeryscope.lines.count": 0,
    }


def test_an_idle_series_is_forgotten_after_a_day() -> None:
    points = Points()
    points.of(BUSY)
    assert len(points.of(idle(86_399)))
    assert not len(points.of(idle(86_400)))


def test_the_names_remembered_are_limited_and_the_longest_idle_go_first() -> None:
    points = Points(idle_limit=2)
    points.of(Flush(0, 1, {"a": 1, "b": 1}))
    points.of(Flush(1, 1, {"a": 1, "c": 1}))
    sent = {path for path, _ in points.of(Flush(2, 1)) if path.endswith("count")}
    assert sent == {"stats.counters.a.count", "stats.counters.c.count"}


def test_an_interval_of_no_time_has_no_rates() -> None:
    flush = Flush(0, 0, {"c": 1}, timers={"t": Distribution.of([1])})
    sent = dict(Points(statistics=BRIEF).of(flush))
    assert sent == {
        "stats.counters.c.count": 1,
        "stats.timers.t.count": 1,
        "stats.timers.t.upper_90": 1,
    }
