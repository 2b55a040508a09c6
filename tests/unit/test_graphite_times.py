from datetime import UTC, date, datetime, time
from random import Random

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


UNITS = {
    "s": 1,
    "seconds": 1,
    "min": 60,
    "minutes": 60,
    "h": 3600,
    "hours": 3600,
    "d": 86_400,
    "w": 604_800,
    "mon": 2_592_000,
    "y": 31_536_000,
}
PARTS = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(sorted(UNITS))), min_size=1)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])


def written(parts: list[tuple[int, str]]) -> str:
    return "".join(f"{number}{unit}" for number, unit in parts)


@given(st.integers(0, 7_258_118_399))
def test_unix_seconds_are_themselves_unless_they_look_like_a_day(seconds: int) -> None:
    found = parse_time("from", str(seconds), NOW.timestamp(), UTC)
    assert found == seconds or 19_000_101 <= seconds <= 29_991_231


@given(PARTS.filter(lambda parts: 0 < seconds_of(parts) < 10**9), st.sampled_from("+-"))
def test_offsets_add_up_whatever_they_start_from(parts: list[tuple[int, str]], sign: str) -> None:
    assert parse_interval(written(parts)) == seconds_of(parts)
    for reference in ("now", "noon", "20200229", "14:30_20260131"):
        start = parse_time("from", reference, NOW.timestamp(), UTC)
        found = parse_time("from", f"{reference}{sign}{written(parts)}", NOW.timestamp(), UTC)
        assert found - start == seconds_of(parts) * (1 if sign == "+" else -1)


def seconds_of(parts: list[tuple[int, str]]) -> int:
    return sum(number * UNITS[unit] for number, unit in parts)


@given(st.dates(date(1971, 1, 1), date(2069, 12, 30)), st.integers(0, 1439), ZONES)
def test_a_minute_is_found_by_each_way_to_write_it(day: date, minute: int, zone: str) -> None:
    at = time(minute // 60, minute % 60, tzinfo=parse_zone(zone))
    local = datetime.combine(day, at)
    for form in ("%H:%M_%Y%m%d", "%I:%M%p %Y%m%d", "%H:%M %m/%d/%y"):
        text = local.strftime(form)
        assert parse_time("from", text, NOW.timestamp(), parse_zone(zone)) == local.timestamp()


@given(
    st.sampled_from(["noon", "monday-1w", "14:30_20260131", "jan31", "now-1d12h", "8:30pm today"]),
    st.lists(st.sampled_from(" _,\t"), max_size=30),
    st.randoms(),
)
def test_case_and_white_space_mean_nothing(text: str, noise: list[str], random: Random) -> None:
    expected = parsed(text)
    characters = [random.choice([one.lower(), one.upper()]) for one in text]
    for one in noise:
        characters.insert(random.randint(0, len(characters)), one)
    assert parsed("".join(characters)) == expected


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
