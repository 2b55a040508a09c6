"""Graphite's points as JSON, `[[value | null, time], ...]`: a grid's times are written once."""

import numpy as np
import orjson
from numpy.typing import NDArray

from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats


class Datapoints:
    """Writes the points of many series; `no_nulls` leaves out those that have no value."""

    def __init__(self, *, no_nulls: bool) -> None:
        self._no_nulls = no_nulls
        self._forms: dict[tuple[int, int, int], bytes] = {}

    def written(self, series: TimeSeries) -> bytes:
        if self._no_nulls:
            known = np.isfinite(series.values)
            return _filled(_form(series.times[known]), series.values[known])
        grid = series.start, series.step, series.values.size
        if grid not in self._forms:
            self._forms[grid] = _form(series.times)
        return _filled(self._forms[grid], series.values)


def _form(times: NDArray[np.int64]) -> bytes:
    """Return the points without their values, each of which is a `%b`."""
    return f"[{','.join(f'[%b,{time}]' for time in times.tolist())}]".encode()


def _filled(form: bytes, values: Floats) -> bytes:
    if not values.size:
        return form
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return form % tuple(written[1:-1].split(b","))
