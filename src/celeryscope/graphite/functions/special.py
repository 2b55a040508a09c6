"""Functions that draw something other than stored values, or say how to draw them."""

from dataclasses import replace

import numpy as np

from celeryscope.graphite.aggregates import CONSOLIDATIONS
from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.parameters import NUMBER, SERIES, TEXT, Parameter
from celeryscope.graphite.series import TimeSeries


@function("constantLine", "Special", Parameter("value", NUMBER))
def constant_line(context: Context, value: float) -> list[TimeSeries]:
    """Draw a horizontal line.

    It has the same points as all other series, where graphite-web gives three; so one can
    calculate with it.
    """
    context.fetcher.charge(context.window.points)
    name = str(value)
    return [
        TimeSeries(
            name=name,
            start=context.window.start,
            step=context.window.step,
            values=np.full(context.window.points, float(value)),
            path=f"constantLine({name})",
            tags={"name": name},
        )
    ]


@function(
    "consolidateBy",
    "Special",
    Parameter("seriesList", SERIES),
    Parameter("consolidationFunc", TEXT, options=(*CONSOLIDATIONS, "avg")),
    raw=True,
)
def consolidate_by(_context: Context, series: list[TimeSeries], method: str) -> list[TimeSeries]:
    """Merge the values that share a point by another method than that of their kind."""
    return [
        replace(
            one.derived(f'consolidateBy({one.name},"{method}")', one.values),
            method="average" if method == "avg" else method,
            tags={**one.tags, "consolidateBy": method},
        )
        for one in series
    ]
