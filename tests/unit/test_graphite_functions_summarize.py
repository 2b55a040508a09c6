from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.span import Span
from support.graphite_gauges import START, Points, drawn, only, points

X = "stats.gauges.x"
NOON = int(datetime(2026, 11, 25, 12, 20, 10, tzinfo=UTC).timestamp())  # a Wednesday


@pytest.mark.parametrize(
    ("func", "expected"),
    [
        ("sum", [3, 3, None, 3]),
        ("average", [1.5, 3, None, 3]),
        ("avg_zero", [1, 1, None, 3]),
        ("count", [2, 1, None, 1]),
        ("multiply", [None, None, None, 3]),
        ("last", [2, 3, None, 3]),
        ("diff", [-1, 3, None, 3]),
        ("range", [1, 0, None, 0]),
    ],
)
def test_an_interval_aggregates_what_it_holds(func: str, expected: Points) -> None:
    values: Points = [1, None, 2, None, None, 3, None, None, None, 3]
    series = only(f"smartSummarize({X},'30s','{func}')", x=values)
    assert series.name == f'smartSummarize({X}, "30s", "{func}")'
    assert (series.start, series.step, points(series)) == (START, 30, expected)


@pytest.mark.parametrize(
    ("unit", "zone", "began"),
    [
        ("years", "UTC", datetime(2026, 1, 1, tzinfo=UTC)),
        ("months", "UTC", datetime(2026, 11, 1, tzinfo=UTC)),
        ("weeks", "UTC", datetime(2026, 11, 23, tzinfo=UTC)),
        ("weeks4", "UTC", datetime(2026, 11, 19, tzinfo=UTC)),
        ("weeks3", "UTC", datetime(2026, 11, 25, tzinfo=UTC)),
        ("days", "UTC", datetime(2026, 11, 25, tzinfo=UTC)),
        ("days", "America/New_York", datetime(2026, 11, 25, tzinfo=UTC)),
        ("hours", "Asia/Kolkata", datetime(2026, 11, 25, 17, tzinfo=UTC)),
        ("minutes", "UTC", datetime(2026, 11, 25, 12, 20, tzinfo=UTC)),
        ("seconds", "UTC", datetime(2026, 11, 25, 12, 20, 10, tzinfo=UTC)),
    ],
)
def test_intervals_start_with_a_unit_of_the_calendar(unit: str, zone: str, began: datetime) -> None:
    span = Span(NOON, NOON + 60, zone=ZoneInfo(zone))
    series = only(f"smartSummarize({X},'1h','sum','{unit}')", span, x=[1])
    assert series.start == int(began.replace(tzinfo=ZoneInfo(zone)).timestamp())


def test_once_a_boolean_was_allowed_there() -> None:
    series = only(f"smartSummarize({X},'30s','sum',true)", x=[1, 2, 3])
    assert (series.start, points(series)) == (START, [6])


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(TargetError, match="alignTo is 'fortnights'; allowed is one of"):
        drawn(f"smartSummarize({X},'1h','sum','fortnights')", x=[1])


@pytest.mark.parametrize(
    ("call", "start", "expected"),
    [
        ("hitcount({},'20s')", START - 10, [10, 10, 50]),
        ("hitcount({},'5s')", START, [5, 5, 5, 5, None, None, 15, 15, 10, 10]),
        ("hitcount({},'15s')", START - 10, [5, 15, 15, 35]),
        ("hitcount({},'1min',true)", START, [70]),
        ("hitcount({},'1h',true)", START - START % 3600, [70]),
    ],
)
def test_hits_are_the_values_times_the_seconds_they_last(
    call: str, start: int, expected: Points
) -> None:
    series = only(call.format(X), x=[1, 1, None, 3, 2])
    assert (series.start, points(series)) == (start, expected)
    assert series.name == call.format(X).replace("'", '"').replace(",", ", ")


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=40),
    st.integers(1, 300),
    st.sampled_from(["true", "false"]),
)
def test_no_hit_is_lost_or_counted_twice(values: list[int], seconds: int, aligned: str) -> None:
    call = f"hitcount({X},'{seconds}s',{aligned})"
    counted = only(call, x=list(values))
    np.testing.assert_allclose(np.nansum(counted.values), 10 * sum(values))


def test_values_merge_only_where_enough_of_them_are_known() -> None:
    values: Points = [1, 2, None, 4, None, None]
    target = f"summarize(setXFilesFactor({X},0.5),'30s','sum',true)"
    assert points(only(target, x=values)) == [3, None]
