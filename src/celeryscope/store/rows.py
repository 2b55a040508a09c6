"""A flush as the columns of its tables' new rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.store.protocol import Series
from celeryscope.store.schema import BINS, FLUSHES, SCALARS, TIMERS, Table
from celeryscope.timerset import TimerSet

Columns = dict[str, NDArray[np.generic]]
Identify = Callable[[Kind, Iterable[str]], list[Series]]


def rows_of(flush: Flush, identify: Identify) -> list[tuple[Table, Columns]]:
    """Return tables with the columns of their new rows, all but `ts`.

    `identify` gives the series of names. Columns that are not named stay null.
    """

    def ids(kind: Kind, names: Mapping[str, object]) -> NDArray[np.generic]:
        return np.array([one.id for one in identify(kind, names)], dtype=np.int32)

    side_by_side = TimerSet.of(flush.timers)
    timers, timer_ids = side_by_side.cells, ids(Kind.TIMER, side_by_side)
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


def of_archive(
    rows: Sequence[tuple[Table, Columns]], kept_in: NDArray[np.int32], archive: int
) -> list[tuple[Table, Columns]]:
    """Return the rows of the series that an archive keeps; `kept_in` has each series' archive."""
    found = []
    for table, columns in rows:
        if "series" in columns:
            here = kept_in[columns["series"].astype(np.intp)] == archive
            found.append((table, {name: column[here] for name, column in columns.items()}))
        else:
            found.append((table, columns))
    return found


def _last(series: NDArray[np.generic], values: Mapping[str, float], flush: Flush) -> Columns:
    ended = np.full(len(values), flush.start + flush.seconds)
    return {"series": series, "last": _of(values), "last_at": ended}


def _of(values: Mapping[str, float]) -> NDArray[np.generic]:
    return np.fromiter(values.values(), dtype=np.float64, count=len(values))
