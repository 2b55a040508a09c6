"""One number a series: what series are ordered, picked and labelled by."""

from collections.abc import Sequence

import numpy as np

from celeryscope.graphite.aggregates import AGGREGATES, Aggregate, canonical
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats

_ZERO_OF_NOTHING = {"count", "avg_zero"}


def reduced(series: Sequence[TimeSeries], reduce: Aggregate) -> Floats:
    """Reduce the values of each series to one; series of equal length are taken at once."""
    results = np.empty(len(series))
    lengths = np.array([one.values.size for one in series], dtype=np.intp)
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length).tolist()
        results[places] = reduce(np.stack([series[place].values for place in places]), 1)
    return results


def summaries(series: Sequence[TimeSeries], func: str) -> Floats:
    """Aggregate the values of each series, by any spelling of an aggregate's name.

    NaN for one without values; the count and the average with zeros are then 0.
    """
    name = canonical(func) or func
    found = reduced(series, AGGREGATES[name])
    return np.nan_to_num(found, nan=0.0) if name in _ZERO_OF_NOTHING else found
