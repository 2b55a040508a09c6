"""What `/render` answers in."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache, partial
from math import isnan

import numpy as np
import orjson
from numpy.typing import NDArray

from celeryscope.graphite import packed
from celeryscope.graphite.budget import IN_PYTHON, Budget
from celeryscope.graphite.datapoints import Datapoints
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats

_TIMES_KEPT = 100_000  # that series share
_BYTES_A_VALUE = 8
_BYTES_A_POINT = 40
"""What a point takes while it is written as a line, beside the name."""


@dataclass(frozen=True, slots=True)
class Options:
    """How points are written: without nulls or with, CSV's times in which zone, JSON on lines.

    `budget` is charged for what takes more room than the values did.
    """

    no_nulls: bool
    zone: tzinfo
    pretty: bool = False
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class Format:
    """A media type, how series are written in it, and whether that is also JavaScript."""

    media_type: str
    encode: Callable[[Sequence[TimeSeries], Options], bytes]
    script: bool = False


def _json(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `[{"target", "tags", "datapoints": [[value | null, time], ...]}, ...]`.

    All is joined once, since each copy of megabytes takes as long as a small request.
    """
    points = Datapoints(options.budget, no_nulls=options.no_nulls)
    parts: list[bytes] = []
    for one in series:
        written = points.written(one)
        if written != b"[]" or not options.no_nulls:
            parts += [_head(one), written, b"}", b","]
    return _lined(b"".join([b"[", *parts[:-1], b"]"]), options)


def _head(series: TimeSeries) -> bytes:
    name, tags = orjson.dumps(series.name), orjson.dumps(series.tags)
    return b'{"target":%b,"tags":%b,"datapoints":' % (name, tags)


def _rickshaw(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `[{"target", "datapoints": [{"x": time, "y": value | null}, ...]}, ...]`."""
    points = Datapoints(options.budget, no_nulls=options.no_nulls, point=(b'{"x":', b',"y":%b}'))
    lines = [
        b'{"target":%b,"datapoints":%b}' % (orjson.dumps(one.name), points.written(one))
        for one in series
    ]
    return _lined(b"[%b]" % b",".join(lines), options)


def _dygraph(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write `{"labels": ["Time", name, ...], "data": [[milliseconds, value | null, ...], ...]}`."""
    if not series:
        return b"{}"
    times = np.unique(np.concatenate([one.times for one in series]))
    options.budget.charge(times.size * len(series))
    rows = np.full((times.size, len(series)), np.nan)
    for column, one in enumerate(series):
        rows[np.searchsorted(times, one.times), column] = one.values
    labels = orjson.dumps(["Time", *(one.name for one in series)])
    data = b",".join(
        orjson.dumps([time * 1000, *row.tolist()]) for time, row in _charged(times, rows, options)
    )
    return _lined(b'{"labels":%b,"data":[%b]}' % (labels, data), options)


def _charged(
    times: NDArray[np.int64], rows: Floats, options: Options
) -> Iterator[tuple[int, Floats]]:
    for time, row in zip(times.tolist(), rows, strict=True):
        options.budget.work(IN_PYTHON)
        yield time, row


def _lined(content: bytes, options: Options) -> bytes:
    """Put each part of JSON on a line of its own, if that is asked for."""
    if not options.pretty:
        return content
    options.budget.charge(len(content))  # what it is taken apart into takes ten times its bytes
    return orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2)


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
    local = lru_cache(_TIMES_KEPT)(partial(_local, options.zone))
    for one in series:
        line = len(one.name) + _BYTES_A_POINT
        options.budget.charge(one.values.size * line // _BYTES_A_VALUE)
        for part in options.budget.parts(_points(one, options)):
            writer.writerows(
                (one.name, local(time), "" if isnan(value) else value) for value, time in part
            )
    return text.getvalue().encode()


def _raw(series: Sequence[TimeSeries], options: Options) -> bytes:
    """Write one line a series: `name,start,end,step|value,None,...`."""
    return "".join(_raw_line(one, options) for one in series).encode()


def _raw_line(series: TimeSeries, options: Options) -> str:
    values = (
        "None" if isnan(value) else repr(value)
        for part in options.budget.parts(series.values.tolist())
        for value in part
    )
    return f"{series.name},{series.start},{series.end},{series.step}|{','.join(values)}\n"


def _local(zone: tzinfo, time: int) -> str:
    moment = datetime.fromtimestamp(time, zone).replace(tzinfo=None)
    return moment.isoformat(" ", "seconds")  # in a third of the time that strftime takes


FORMATS = {
    "json": Format("application/json", _json, script=True),
    "csv": Format("text/csv; charset=utf-8", _csv),
    "raw": Format("text/plain; charset=utf-8", _raw),
    "dygraph": Format("application/json", _dygraph, script=True),
    "rickshaw": Format("application/json", _rickshaw, script=True),
    "pickle": Format(
        "application/pickle", lambda series, options: packed.pickled(series, options.budget)
    ),
    "msgpack": Format(
        "application/x-msgpack", lambda series, options: packed.message(series, options.budget)
    ),
}
