"""A flush as the columns of its tables' new rows."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distributions
from celeryscope.store.schema import BINS, FLUSHES, SCALARS, TIMERS, Table

Columns = dict[str, NDArray[np.generic]]
Identify = Callable[[Kind, str], int]


def rows_of(flush: Flush, identify: Identify) -> list[tuple[Table, Columns]]:
    """Return tables with the columns of their new rows, all but `ts`.

    `identify` gives a series' number. Columns that are not named stay null.
    """

    def ids(kind: Kind, names: Mapping[str, object]) -> NDArray[np.generic]:
        return np.array([identify(kind, name) for name in names], dtype=np.int32)

    timers = Distributions.of(list(flush.timers.values()))
    timer_ids = ids(Kind.TIMER, flush.timers)
    return [
        (FLUSHES, {"seconds": np.array([flush.seconds])}),
        (SCALARS, {"series": ids(Kind.COUNTER, flush.counters), "total": _of(flush.counters)}),
        (SCALARS, _last(ids(Kind.GAUGE, flush.gauges), flush.gauges, flush)),
        (SCALARS, _last(ids(Kind.SET, flush.sets), flush.sets, flush)),
        (
            TIMERS,
            {
                "series": timer_ids,
                "count": timers.count,
                "samples": timers.samples,
                "sum": timers.sum,
                "sum_squares": timers.sum_squares,
                "min": timers.min,
                "max": timers.max,
            },
        ),
        (
            BINS,
            {
                "series": np.repeat(timer_ids, np.diff(timers.offsets)),
                "bucket": timers.buckets,
                "n": timers.counts,
            },
        ),
    ]


def _last(series: NDArray[np.generic], values: Mapping[str, float], flush: Flush) -> Columns:
    ended = np.full(len(values), flush.start + flush.seconds)
    return {"series": series, "last": _of(values), "last_at": ended}


def _of(values: Mapping[str, float]) -> NDArray[np.generic]:
    return np.fromiter(values.values(), dtype=np.float64, count=len(values))
