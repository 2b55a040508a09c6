"""Draws a target over gauges that a test writes out: `stats.gauges.x` for the keyword `x`."""

import numpy as np

from celeryscope.flush import Flush
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore

START = 1_700_000_040  # on a full minute, not on a full hour
STEP = 10

Points = list[float | None]


def drawn(
    target: str, span: Span | None = None, begin: int = START, **gauges: Points
) -> list[TimeSeries]:
    """Return a target's series; the gauges' first values are at `begin`, the others 10 s apart.

    Without a span it is drawn from START to the last value.
    """
    store = FakeStore()
    store.write(Flush(0, STEP, gauges=dict.fromkeys(gauges, 0.0)))
    longest = max(map(len, gauges.values()), default=0)
    for place in range(longest):
        held = {name: values[place] for name, values in gauges.items() if place < len(values)}
        known = {name: value for name, value in held.items() if value is not None}
        store.write(Flush(begin + STEP * place, STEP, gauges=known))
    return render(store, (), [target], span or Span(START, begin + STEP * longest))


def points(series: TimeSeries) -> Points:
    return [None if np.isnan(v) else round(v, 4) for v in series.values.tolist()]


def only(target: str, span: Span | None = None, begin: int = START, **gauges: Points) -> TimeSeries:
    """Return the one series that a target gives."""
    (series,) = drawn(target, span, begin, **gauges)
    return series
