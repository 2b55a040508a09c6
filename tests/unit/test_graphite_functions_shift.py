from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.span import Span
from support.graphite_gauges import START, Points, drawn, only, points

X = "stats.gauges.x"
BERLIN = ZoneInfo("Europe/Berlin")
VALUES: Points = [1, 2, 3, 4, 5, 6]
SECOND_HALF = Span(START + 30, START + 60)


@pytest.mark.parametrize(
    ("offset", "name", "expected"),
    [
        ("20s", "-20s", [2, 3, 4]),
        ("-20s", "-20s", [2, 3, 4]),
        ("+20s", "+20s", [6, None, None]),
        ("0s", "-0s", [4, 5, 6]),
        ("7y", "-7y", [None] * 3),
        ("99y", "-99y", [0]),  # time starts at 0, with a value there
    ],
)
def test_other_times_are_shown_at_this_one(offset: str, name: str, expected: Points) -> None:
    series = only(f"timeShift({X},'{offset}')", SECOND_HALF, x=VALUES)
    assert (series.name, series.path) == (f'timeShift({X}, "{name}")', X)
    assert (series.start, points(series)) == (START + 30, expected)
    assert series.tags["timeShift"] == name


def test_what_is_shifted_ends_where_the_range_does_unless_told() -> None:
    longer, span = f"summarize({X},'20s')", Span(START + 20, START + 40)
    assert points(only(f"timeShift({longer},'10s')", span, x=VALUES)) == [2]
    assert points(only(f"timeShift({longer},'10s',false)", span, x=VALUES)) == [2, 3]


@pytest.mark.parametrize("day", [(2026, 4, 1), (2026, 10, 27), (2026, 7, 1)])
def test_the_time_of_day_is_kept_if_asked(day: tuple[int, int, int]) -> None:
    start = datetime(*day, tzinfo=BERLIN)
    begin, before = int(start.timestamp()), int((start - timedelta(days=7)).timestamp())
    span = Span(begin, begin + 20, zone=BERLIN)
    series = only(f"timeShift({X},'7d',alignDst=true)", span, before, x=[1, 2])
    assert points(series) == [1, 2]


def test_shifts_are_stacked() -> None:
    span = Span(START + 40, START + 60)
    series = drawn(f"timeStack({X},'20s',0,3)", span, x=VALUES)
    assert {one.name: points(one) for one in series} == {
        f"timeShift({X}, -20s, 0)": [5, 6],
        f"timeShift({X}, -20s, 1)": [3, 4],
        f"timeShift({X}, -20s, 2)": [1, 2],
    }
    assert series[1].tags == {"name": X, "timeShiftUnit": "-20s", "timeShift": "1"}
    assert drawn("timeStack(stats.gauges.no)", span, x=VALUES) == []


def test_a_stack_of_shifts_has_a_limit() -> None:
    with pytest.raises(TargetError, match="there are 5000 shifts; allowed are 1000"):
        drawn(f"timeStack({X},'1d',0,5000)", x=VALUES)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (f"'{START + 10}','{START + 30}'", [None, 2, 3, 4, None, None]),
        ("'now-35s'", [None, None, None, 4, 5, 6]),
        ("'-35s','-15s'", [None, None, None, 4, 5, None]),
    ],
)
def test_a_slice_leaves_out_what_is_before_and_after(arguments: str, expected: Points) -> None:
    series = only(f"timeSlice({X},{arguments})", x=VALUES)
    assert series.name.startswith(f"timeSlice({X}, {series.tags['timeSliceStart']}, ")
    assert points(series) == expected


def test_a_slice_needs_times() -> None:
    with pytest.raises(TargetError, match="startSliceAt is 'whenever'; allowed is Unix seconds"):
        drawn(f"timeSlice({X},'whenever')", x=VALUES)
