"""Graphite's points as JSON, `[[value | null, time], ...]`: a grid's times are written once."""

import numpy as np
import orjson
from numpy.typing import NDArray

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats


class Datapoints:
    """Writes the points of many series; `no_nulls` leaves out those that have no value.

    A `point` has a `%d` for its time, and a `%%b` for its value.
    """

    def __init__(self, budget: Budget, *, no_nulls: bool, point: str = "[%%b,%d]") -> None:
        self._budget = budget
        self._no_nulls = no_nulls
        self._point = point
        self._forms: dict[tuple[int, int, int], bytes] = {}

    def written(self, series: TimeSeries) -> bytes:
        self._budget.work(series.values.size)
        if self._no_nulls:
            known = np.isfinite(series.values)
            return _filled(self._form(series.times[known]), series.values[known])
        grid = series.start, series.step, series.values.size
        if grid not in self._forms:
            self._forms[grid] = self._form(series.times)
        return _filled(self._forms[grid], series.values)

    def _form(self, times: NDArray[np.int64]) -> bytes:
        """Return the points without their values, each of which is a `%b`."""
        return f"[{','.join(self._point % time for time in times.tolist())}]".encode()


def _filled(form: bytes, values: Floats) -> bytes:
    if not values.size:
        return form
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return form % tuple(written[1:-1].split(b","))
