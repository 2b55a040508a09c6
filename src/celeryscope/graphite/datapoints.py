"""Graphite's points as JSON, `[[value | null, time], ...]`: a grid's times are written once."""

import numpy as np
import orjson
from numpy.typing import NDArray

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats


class Datapoints:
    """Writes the points of many series; `no_nulls` leaves out those that have no value.

    A `point` is what its time goes between; it has a `%b` for its value.
    """

    def __init__(
        self, budget: Budget, *, no_nulls: bool, point: tuple[bytes, bytes] = (b"[%b,", b"]")
    ) -> None:
        self._budget = budget
        self._no_nulls = no_nulls
        self._before, self._after = point
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
        if not times.size:
            return b"[]"
        between = self._after + b"," + self._before
        written = _json(times).replace(b",", between)
        return b"[" + self._before + written + self._after + b"]"


def _filled(form: bytes, values: Floats) -> bytes:
    if not values.size:
        return form
    return form % tuple(_json(values).split(b","))


def _json(numbers: NDArray[np.generic]) -> bytes:
    """Write numbers, and commas between them."""
    return orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
