"""Where the marks of a time axis are and what they say, in a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import takewhile

_HOUR, _DAY = 3600, 86_400
_MONTH, _YEAR = 30 * _DAY, 365 * _DAY
_MONDAY = datetime(1969, 12, 29)  # noqa: DTZ001 -- a time on the wall, of every zone


@dataclass(frozen=True, slots=True)
class Mark:
    """A time on the axis; the label's second line says the day or year where it changes."""

    time: int
    label: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """Marks that are `count` seconds or months apart, about `seconds` in both cases."""

    seconds: int
    count: int
    label: str
    context: str

    @property
    def monthly(self) -> bool:
        return self.seconds >= _MONTH

    def walls(self, begin: datetime) -> Iterator[datetime]:
        """Yield the marks' times on the wall, from the last one that is not after `begin`."""
        number = begin.year * 12 + begin.month - 1 if self.monthly else _since_monday(begin)
        number -= number % self.count
        while True:
            yield self._wall(number)
            number += self.count

    def _wall(self, number: int) -> datetime:
        if self.monthly:
            return _MONDAY.replace(year=number // 12, month=number % 12 + 1, day=1)
        return _MONDAY + timedelta(seconds=number)


def _since_monday(wall: datetime) -> int:
    return int((wall - _MONDAY).total_seconds())


_SCALES = (
    *(_Scale(count, count, "%H:%M:%S", "%-d %b %Y") for count in (1, 2, 5, 10, 15, 30)),
    *(
        _Scale(minutes * 60, minutes * 60, "%H:%M", "%-d %b %Y")
        for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
    ),
    *(_Scale(days * _DAY, days * _DAY, "%-d %b", "%Y") for days in (1, 2, 7)),
    *(_Scale(months * _MONTH, months, "%b", "%Y") for months in (1, 2, 3, 6)),
    *(_Scale(years * _YEAR, years * 12, "%Y", "") for years in (1, 2, 5, 10, 20, 50)),
)


def time_marks(start: int, end: int, zone: tzinfo, most: int) -> list[Mark]:
    """Return about `most` marks on round times of the zone, from `start` to `end`."""
    scale = next((one for one in _SCALES if end - start <= one.seconds * most), _SCALES[-1])
    marks, before = [], ""
    for time in _times(scale, start, end, zone):
        local = datetime.fromtimestamp(time, zone)
        context = format(local, scale.context) if scale.context else ""
        label = format(local, scale.label)
        marks.append(Mark(time, label if context == before else f"{label}\n{context}"))
        before = context
    return marks


def _times(scale: _Scale, start: int, end: int, zone: tzinfo) -> list[int]:
    begin = datetime.fromtimestamp(start, zone)
    if scale.seconds < _HOUR:  # an hour that clocks go back to has its marks twice
        zone = timezone(begin.utcoffset() or timedelta())
    walls = scale.walls(begin.replace(tzinfo=None))
    times = (int(wall.replace(tzinfo=zone).timestamp()) for wall in walls)
    return sorted({time for time in takewhile(lambda time: time <= end, times) if time >= start})
