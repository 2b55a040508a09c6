"""What `/render` answers in."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import isnan

import numpy as np
import orjson

from celeryscope.graphite import packed
from celeryscope.graphite.datapoints import Datapoints
from celeryscope.graphite.series import TimeSeries


@dataclass(frozen=True, slots=True)
class Options:
    """How points are written: without nulls or with, CSV's times in which zone, JSON on lines."""

    no_nulls: bool
    zone: tzinfo
    pretty: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """A media type, how series are written in it, and whether that is also JavaScript."""

    media_type: str
    encode: Callable[[Sequence[TimeSeries], Options], bytes]
    script: bool = False


def _json(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `[{"target", "tags", "datapoints": [[value | null, time], ...]}, ...]`."""
    points = Datapoints(no_nulls=options.no_nulls)
    found = ((one, points.written(one)) for one in series)
    lines = [
        b'{"target":%b,"tags":%b,"datapoints":%b}'
        % (orjson.dumps(one.name), orjson.dumps(one.tags), written)
        for one, written in found
        if written != b"[]" or not options.no_nulls
    ]
    content = b"[%b]" % b",".join(lines)
    return _dumped(orjson.loads(content), options) if options.pretty else content


def _rickshaw(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `[{"target", "datapoints": [{"x": time, "y": value | null}, ...]}, ...]`."""
    return _dumped(
        [
            {
                "target": one.name,
                "datapoints": [{"x": time, "y": value} for value, time in _points(one, options)],
            }
            for one in series
        ],
        options,
    )


def _dygraph(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `{"labels": ["Time", name, ...], "data": [[milliseconds, value | null, ...], ...]}`."""
    if not series:
        return b"{}"
    times = np.unique(np.concatenate([one.times for one in series]))
    rows = np.full((times.size, len(series)), np.nan)
    for column, one in enumerate(series):
        rows[np.searchsorted(times, one.times), column] = one.values
    data = [[time * 1000, *row] for time, row in zip(times.tolist(), rows.tolist(), strict=True)]
    return _dumped({"labels": ["Time", *(one.name for one in series)], "data": data}, options)


def _dumped(content: object, options: Options) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 if options.pretty else 0)


def _points(series: TimeSeries, options: Options) -> list[tuple[float, int]]:
    values, times = series.values, series.times
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
    "json": Format("application/json", _json, script=True),
    "csv": Format("text/csv; charset=utf-8", _csv),
    "raw": Format("text/plain; charset=utf-8", _raw),
    "dygraph": Format("application/json", _dygraph, script=True),
    "rickshaw": Format("application/json", _rickshaw, script=True),
    "pickle": Format("application/pickle", lambda series, _options: packed.pickled(series)),
    "msgpack": Format("application/x-msgpack", lambda series, _options: packed.message(series)),
}
