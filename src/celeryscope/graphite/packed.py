"""Series as other Graphite servers read them from each other: in pickle and in MessagePack."""

import pickle
import struct
from collections.abc import Sequence
from math import isnan

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.series import TimeSeries

Info = str | int | float | None | Sequence["Info"] | dict[str, "Info"]


_VALUES_AN_OBJECT = 4
"""As many values take the room of one that is an object of its own."""


def pickled(series: Sequence[TimeSeries], budget: Budget) -> bytes:
    return pickle.dumps(_infos(series, budget), protocol=pickle.HIGHEST_PROTOCOL)


def message(series: Sequence[TimeSeries], budget: Budget) -> bytes:
    return _message(_infos(series, budget))


def _infos(series: Sequence[TimeSeries], budget: Budget) -> list[Info]:
    """Return what is packed: of all values at once, each with an object of its own."""
    infos = []
    for one in series:
        budget.charge(_VALUES_AN_OBJECT * one.values.size)
        infos.append(_info(one))
    return infos


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
