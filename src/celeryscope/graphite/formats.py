"""What `/render` answers in."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import isnan

import numpy as np
import orjson

from celeryscope.graphite.series import TimeSeries


@dataclass(frozen=True, slots=True)
class Options:
    """How points are written: without nulls or with, and CSV's times in which zone."""

    no_nulls: bool
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Format:
    """A media type, and how series are written in it."""

    media_type: str
    encode: Callable[[Sequence[TimeSeries], Options], bytes]


def _json(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `[{"target", "tags", "datapoints": [[value | null, time], ...]}, ...]`."""
    return orjson.dumps(
        [
            {"target": one.name, "tags": one.tags, "datapoints": _points(one, options)}
            for one in series
        ]
    )


def _points(series: TimeSeries, options: Options) -> list[tuple[float, int]]:
    values, times = series.values, series.start + series.step * np.arange(series.values.size)
    if options.no_nulls:
        known = np.isfinite(values)
        values, times = values[known], times[known]
    return list(zip(values.tolist(), times.tolist(), strict=True))


def _csv(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write one line a point: `name,YYYY-mm-dd HH:MM:SS,value`."""
    text = io.StringIO()
    writer = csv.writer(text)
    for one in series:
        writer.writerows(
            (one.name, _local(time, options.zone), "" if isnan(value) else value)
            for value, time in _points(one, options)
        )
    return text.getvalue().encode()


def _raw(series: Sequence[TimeSeries], _options: Options) -> bytes:
    """Write one line a series: `name,start,end,step|value,None,...`."""
    return "".join(map(_raw_line, series)).encode()


def _raw_line(series: TimeSeries) -> str:
    values = ("None" if isnan(value) else repr(value) for value in series.values.tolist())
    return f"{series.name},{series.start},{series.end},{series.step}|{','.join(values)}\n"


def _local(time: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(time, zone):%Y-%m-%d %H:%M:%S}"


FORMATS = {
    "json": Format("application/json", _json),
    "csv": Format("text/csv; charset=utf-8", _csv),
    "raw": Format("text/plain; charset=utf-8", _raw),
}
