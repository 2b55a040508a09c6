"""Graphite's times: Unix seconds, `-1h`, `now-5min`, `midnight`, `14:30_20260131`, `monday-1w`.

A time is a reference, then an offset. The reference may name a time of day, a day, or both;
`_`, `,` and spaces mean nothing. Offsets add up (`-1d12h`), a month is 30 days, a year 365.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celeryscope.graphite.errors import RequestError, shown

ALLOWED = (
    "Unix seconds, a time such as now, midnight, monday, 14:30_20260131 or 01/31/26, "
    "or an offset such as -90s, -5min, -1h, -2d, -1w, -1mon, -1y"
)
INTERVALS = "a number with a unit, as in 30s, 5min, 1h, 1d, 1w, 1mon or 1y"

LATEST = 7_258_118_400
"""The first second of the year 2200, from which on there are no times."""

_NOISE = str.maketrans("", "", "_, \t")
_TIME = re.compile(r"([^+-]*)([+-].*)?\Z")
_OFFSET = re.compile(r"(\d{1,9})([a-z]+)")
_UNITS = (
    ("min", 60),
    ("mon", 30 * 86_400),
    ("s", 1),
    ("h", 3600),
    ("d", 86_400),
    ("w", 7 * 86_400),
    ("y", 365 * 86_400),
)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)|(\d{1,2}):(\d{2})|noon|midnight|teatime")
_NOON, _CENTURY, _FIRST_YEAR_OF_1900S = 12, 100, 70
_NAMED_HOURS = {"midnight": 0, "noon": _NOON, "teatime": 16}
_DAYS = {"": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKS = "weeks"
_BEGINNINGS = {
    "years": "%Y-01-01",
    "months": "%Y-%m-01",
    _WEEKS: "%Y-%m-%d",
    "days": "%Y-%m-%d",
    "hours": "%Y-%m-%dT%H:00",
    "minutes": "%Y-%m-%dT%H:%M",
    "seconds": "%Y-%m-%dT%H:%M:%S",
}
ALIGNMENTS = (*_BEGINNINGS, *(f"{_WEEKS}{day}" for day in range(1, 8)))
_MONTH_DAY = re.compile(rf"({'|'.join(_MONTHS)})[a-z]*(\d{{1,2}})\Z")
_WEEKDAY = re.compile(rf"({'|'.join(_WEEKDAYS)})[a-z]*\Z")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})\Z")
_COMPACT_DATE = re.compile(r"((?:19|2\d)\d{2})([01]\d)([0-3]\d)\Z")


def parse_time(key: str, text: str, now: float, zone: tzinfo) -> int:
    """Return the Unix time that `text` names; `key` is the parameter that holds it.

    Raises:
        RequestError: It names none between 1970 and 2200.
    """
    try:
        time = _parse(text.lower().translate(_NOISE), int(now), zone)
    except (ValueError, OverflowError):
        time = -1
    if not 0 <= time < LATEST:
        raise RequestError(f"{key} is {shown(text)}; allowed is {ALLOWED}")
    return time


def parse_interval(text: str) -> int:
    """Return the seconds of an interval such as `5min` or `1h30min`.

    Raises:
        ValueError: It is none, or not longer than zero.
    """
    try:
        seconds = _seconds(text.lower().translate(_NOISE).removeprefix("+"))
    except ValueError:
        seconds = 0
    if not 0 < seconds < LATEST:
        raise ValueError(f"{text!r} is no interval; allowed is {INTERVALS}")
    return seconds


def parse_offset(text: str) -> int:
    """Return the seconds of an interval that may have a sign; without one they are positive.

    Raises:
        ValueError: It is none, or longer than a time can be.
    """
    text = text.lower().translate(_NOISE)
    seconds = _offset(text if text[:1] in {"+", "-"} else f"+{text}")
    if abs(seconds) >= LATEST:
        raise ValueError(f"{text!r} is longer than a time can be")
    return seconds


def floor_to(unit: str, time: int, zone: tzinfo) -> int:
    """Return when the unit of the calendar began that a time is in.

    It is one of ALIGNMENTS; `weeks` may carry the day that they start with, 1 (Monday) to 7.
    """
    moment = datetime.fromtimestamp(time, zone)
    if unit.startswith(_WEEKS):
        first = int(unit.removeprefix(_WEEKS) or 1)
        moment -= timedelta(days=(moment.isoweekday() - first) % 7)
    began = format(moment, _BEGINNINGS[unit.rstrip("1234567")])
    return int(datetime.fromisoformat(began).replace(tzinfo=zone).timestamp())


def parse_zone(text: str) -> tzinfo:
    """Return the time zone that `text` names.

    Raises:
        RequestError: The system knows none of that name.
    """
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(
            f"tz is {shown(text)}; allowed is a name from the time zone database, "
            "such as UTC or Europe/Berlin"
        ) from None


def _parse(text: str, now: int, zone: tzinfo) -> int:
    if text.isdecimal() and not _COMPACT_DATE.match(text):
        return int(text)
    match = _TIME.match(text)
    if not text or match is None:
        raise ValueError(text)
    reference, offset = match[1], match[2]
    return _reference(reference, now, zone) + (_offset(offset) if offset else 0)


def _offset(text: str) -> int:
    return _seconds(text[1:]) * (1 if text[0] == "+" else -1)


def _seconds(text: str) -> int:
    if not re.fullmatch(rf"(?:{_OFFSET.pattern})+", text):
        raise ValueError(text)
    return sum(int(number) * _unit(unit) for number, unit in _OFFSET.findall(text))


def _unit(text: str) -> int:
    for unit, seconds in _UNITS:
        if text.startswith(unit):
            return seconds
    raise ValueError(text)


def _reference(text: str, now: int, zone: tzinfo) -> int:
    if text in {"", "now"}:
        return now
    clock = _CLOCK.match(text)
    hour, minute = _time_of_day(clock) if clock else (0, 0)
    day = _day(text[clock.end() :] if clock else text, datetime.fromtimestamp(now, zone).date())
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    return int(moment.timestamp())


def _time_of_day(match: re.Match[str]) -> tuple[int, int]:
    if match[0] in _NAMED_HOURS:
        return _NAMED_HOURS[match[0]], 0
    if match[3]:
        return _half_day(int(match[1]), match[3]), int(match[2] or 0)
    return int(match[4]), int(match[5])


def _half_day(hour: int, half: str) -> int:
    """Read 12am as midnight and 12pm as noon; graphite-web has them the other way round."""
    if not 1 <= hour <= _NOON:
        raise ValueError(hour)
    return hour % _NOON + (_NOON if half == "pm" else 0)


def _day(text: str, today: date) -> date:
    if text in _DAYS:
        return today + timedelta(days=_DAYS[text])
    if match := _COMPACT_DATE.match(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _US_DATE.match(text):
        return date(_year(match[3]), int(match[1]), int(match[2]))
    if match := _MONTH_DAY.match(text):
        return date(today.year, 1 + _MONTHS.index(match[1]), int(match[2]))
    if match := _WEEKDAY.match(text):
        back = (today.weekday() - _WEEKDAYS.index(match[1])) % 7
        return today - timedelta(days=back)
    raise ValueError(text)


def _year(text: str) -> int:
    """Read two digits as a year from 1970 to 2069."""
    year = int(text)
    if year >= _CENTURY:
        return year
    return year + (1900 if year >= _FIRST_YEAR_OF_1900S else 2000)
