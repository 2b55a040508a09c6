"""Functions that show other times than the range's, or only a part of it."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import (
    BOOLEAN,
    DATE,
    INTEGER,
    OFFSET,
    SERIES,
    SOURCE,
    Flag,
    Parameter,
)
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import Target
from celeryscope.graphite.times import parse_offset

_SOURCE = Parameter("seriesList", SOURCE)
_UNITS = ("1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d")
_HOUR = 3600
_MAX_SHIFTS = 1000


@function(
    "timeShift",
    "Transform",
    _SOURCE,
    Parameter("timeShift", OFFSET, suggestions=_UNITS),
    Parameter("resetEnd", BOOLEAN, required=False, default=True),
    Parameter("alignDst", BOOLEAN, required=False, default=False),
)
def time_shift(
    context: Context, source: Target, offset: str, reset_end: Flag, align_dst: Flag
) -> list[TimeSeries]:
    """Show what was an interval ago or, with a plus sign, what comes after one.

    `resetEnd` cuts it where the unshifted series end. `alignDst` keeps to the time of day where
    only one of both ranges has daylight saving time.
    """
    seconds = parse_offset(offset)
    if align_dst:
        seconds += _change_of_daylight_saving(context, seconds)
    return [
        one.named(f'timeShift({one.name}, "{offset}")').tagged(timeShift=offset)
        for one in _shifted(context, source, seconds, cut=reset_end)
    ]


@function(
    "timeStack",
    "Transform",
    _SOURCE,
    Parameter("timeShiftUnit", OFFSET, required=False, default="1d", suggestions=_UNITS),
    Parameter("timeShiftStart", INTEGER, required=False, default=0),
    Parameter("timeShiftEnd", INTEGER, required=False, default=7),
)
def time_stack(
    context: Context, source: Target, unit: str, first: int, end: int
) -> list[TimeSeries]:
    """Show the series many times, shifted by 0, 1, 2, ... units.

    The shifts are those from `timeShiftStart` up to, not including, `timeShiftEnd`.
    """
    if end - first > _MAX_SHIFTS:
        raise ArgumentError(f"timeStack: there are {end - first} shifts; allowed are {_MAX_SHIFTS}")
    signed = unit if unit[0] in "+-" else f"-{unit}"
    results = []
    for times in range(first, end):
        for one in _shifted(context, source, times * parse_offset(signed), cut=True):
            name = f"timeShift({one.name}, {signed}, {times})"
            stacked = one.derived(name, one.values)
            results.append(stacked.tagged(timeShiftUnit=signed, timeShift=times))
    return results


@function(
    "timeSlice",
    "Transform",
    Parameter("seriesList", SERIES),
    Parameter("startSliceAt", DATE),
    Parameter("endSliceAt", DATE, required=False, default="now"),
)
def time_slice(
    context: Context, series: list[TimeSeries], start: str, end: str
) -> list[TimeSeries]:
    """Keep only the values from one time up to another."""
    first, last = context.time("startSliceAt", start), context.time("endSliceAt", end)
    return [
        _sliced(one, first, last)
        .named(f"timeSlice({one.name}, {first}, {last})")
        .tagged(timeSliceStart=first, timeSliceEnd=last)
        for one in series
    ]


def _shifted(context: Context, source: Target, seconds: int, *, cut: bool) -> list[TimeSeries]:
    """Read a target over a shifted range, and show it where the unshifted series are."""
    unshifted = context.read(source)
    if not unshifted:
        return []
    start, end = unshifted[0].start, unshifted[0].end
    span = context.span
    found = context.read(source, span.start + seconds, span.end + seconds)
    moved = [replace(one, start=start) for one in found]
    return [_until(one, end) for one in moved] if cut else moved


def _until(series: TimeSeries, end: int) -> TimeSeries:
    points = -(-(end - series.start) // series.step)
    return replace(series, values=series.values[:points])


def _change_of_daylight_saving(context: Context, seconds: int) -> int:
    """Return an hour, or less one, if the shifted range has other daylight saving time."""
    span = context.span
    here = {_daylight_saving(time, span.zone) for time in (span.start, span.end)}
    there = {_daylight_saving(time + seconds, span.zone) for time in (span.start, span.end)}
    if (here, there) == ({True}, {False}):
        return _HOUR
    return -_HOUR if (here, there) == ({False}, {True}) else 0


def _daylight_saving(time: int, zone: tzinfo) -> bool:
    return datetime.fromtimestamp(time, zone).dst() not in {None, timedelta()}


def _sliced(series: TimeSeries, first: int, last: int) -> TimeSeries:
    times = series.start + series.step * np.arange(series.values.size)
    within = (times >= first) & (times <= last)
    return replace(series, values=np.where(within, series.values, np.nan))
