from datetime import UTC, datetime

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.times import parse_interval, parse_time, parse_zone

NOW = datetime(2026, 11, 22, 13, 30, 15, tzinfo=UTC)  # a Sunday


def parsed(text: str, zone: str = "UTC") -> str:
    found = parse_time("from", text, NOW.timestamp(), parse_zone(zone))
    return f"{datetime.fromtimestamp(found, UTC):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("now", "2026-11-22 13:30:15"),
        ("1700000000", "2023-11-14 22:13:20"),
        ("-90s", "2026-11-22 13:28:45"),
        ("-5min", "2026-11-22 13:25:15"),
        ("-5minutes", "2026-11-22 13:25:15"),
        ("-1h", "2026-11-22 12:30:15"),
        ("now-1hour", "2026-11-22 12:30:15"),
        ("-1d", "2026-11-21 13:30:15"),
        ("-1d12h", "2026-11-21 01:30:15"),
        ("-1w", "2026-11-15 13:30:15"),
        ("-1mon", "2026-10-23 13:30:15"),
        ("-1y", "2025-11-22 13:30:15"),
        ("+1h", "2026-11-22 14:30:15"),
        ("today", "2026-11-22 00:00:00"),
        ("yesterday", "2026-11-21 00:00:00"),
        ("tomorrow", "2026-11-23 00:00:00"),
        ("midnight", "2026-11-22 00:00:00"),
        ("noon", "2026-11-22 12:00:00"),
        ("noon-1h", "2026-11-22 11:00:00"),
        ("teatime", "2026-11-22 16:00:00"),
        ("midnight yesterday", "2026-11-21 00:00:00"),
        ("10:15", "2026-11-22 10:15:00"),
        ("8am", "2026-11-22 08:00:00"),
        ("12am", "2026-11-22 00:00:00"),
        ("12pm", "2026-11-22 12:00:00"),
        ("8:30pm", "2026-11-22 20:30:00"),
        ("6pm_today", "2026-11-22 18:00:00"),
        ("04:00_20260131", "2026-01-31 04:00:00"),
        ("20260131", "2026-01-31 00:00:00"),
        ("01/31/26", "2026-01-31 00:00:00"),
        ("12/25/1999", "1999-12-25 00:00:00"),
        ("12/25/99", "1999-12-25 00:00:00"),
        ("Jan31", "2026-01-31 00:00:00"),
        ("january 5", "2026-01-05 00:00:00"),
        ("sunday", "2026-11-22 00:00:00"),
        ("monday", "2026-11-16 00:00:00"),
        ("tuesday-1w", "2026-11-10 00:00:00"),
    ],
)
def test_a_time_is_understood(text: str, time: str) -> None:
    assert parsed(text) == time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("midnight", "2026-11-22 05:00:00"),
        ("20260704", "2026-07-04 04:00:00"),
        ("-1mon", "2026-10-23 13:30:15"),
        ("1700000000", "2023-11-14 22:13:20"),
    ],
)
def test_days_are_those_of_the_time_zone(text: str, time: str) -> None:
    assert parsed(text, "America/New_York") == time


NO_TIMES = (
    *("bla", "-1", "-1x", "-h", "5 o'clock", "25:00", "13pm", "20260231", "13/13/26", "jan"),
    *("jan32", "1e9", "-", "--1h", "99999999999999", "-99999999999999999999d", "-100y", "", "²"),
)


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(RequestError, match="from is ") as raised:
        parsed(text)
    assert f"from is {text!r}; allowed is Unix seconds, a time such as now" in str(raised.value)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        assert parse_time("until", text, NOW.timestamp(), UTC) >= 0
    except RequestError:
        event("refused")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "America", "\0", "x" * 999])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(RequestError, match=r"tz is .*time zone database"):
        parse_zone(zone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("5min", 300),
        ("1hour", 3600),
        ("1h30min", 5400),
        ("2d", 172_800),
        ("+1w", 604_800),
    ],
)
def test_an_interval_is_understood(text: str, seconds: int) -> None:
    assert parse_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-1h", "1", "h", "1x", "999999999y"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no interval; allowed is a number"):
        parse_interval(text)
