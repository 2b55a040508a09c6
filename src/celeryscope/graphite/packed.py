"""Series as other Graphite servers read them from each other: in pickle and in MessagePack."""

import pickle
import struct
from collections.abc import Sequence
from math import isnan

from celeryscope.graphite.series import TimeSeries

Info = str | int | float | None | Sequence["Info"] | dict[str, "Info"]


def pickled(series: Sequence[TimeSeries]) -> bytes:
    return pickle.dumps(_infos(series), protocol=pickle.HIGHEST_PROTOCOL)


def message(series: Sequence[TimeSeries]) -> bytes:
    return _message(_infos(series))


def _infos(series: Sequence[TimeSeries]) -> list[Info]:
    return [_info(one) for one in series]


def _info(series: TimeSeries) -> Info:
    return {
        "name": series.name,
        "start": series.start,
        "end": series.end,
        "step": series.step,
        "values": [None if isnan(value) else value for value in series.values.tolist()],
        "pathExpression": series.path,
        "valuesPerPoint": 1,
        "consolidationFunc": series.method,
        "xFilesFactor": series.xff,
    }


def _message(content: Info) -> bytes:
    """Write MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md."""
    if content is None:
        return b"\xc0"
    if isinstance(content, int):
        return struct.pack(">Bq", 0xD3, content)
    if isinstance(content, float):
        return struct.pack(">Bd", 0xCB, content)
    if isinstance(content, str):
        text = content.encode("utf-8", "replace")
        return struct.pack(">BI", 0xDB, len(text)) + text
    if isinstance(content, dict):
        parts = [part for pair in content.items() for part in pair]
        return struct.pack(">BI", 0xDF, len(content)) + b"".join(map(_message, parts))
    return struct.pack(">BI", 0xDD, len(content)) + b"".join(map(_message, content))
