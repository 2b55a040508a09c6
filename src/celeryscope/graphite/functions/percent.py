"""Functions that divide series by one another."""

from collections.abc import Sequence

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.functions.combine import combined
from celeryscope.graphite.parameters import SERIES, TOTAL, Parameter
from celeryscope.graphite.series import TimeSeries, aligned
from celeryscope.sketch import Floats

_PERCENT = 100.0


@function(
    "divideSeries",
    "Combine",
    Parameter("dividendSeriesList", SERIES),
    Parameter("divisorSeries", SERIES),
)
def divide_series(
    _context: Context, dividends: list[TimeSeries], divisors: list[TimeSeries]
) -> list[TimeSeries]:
    """Divide each series by one other; null where that is zero or null."""
    if len(divisors) > 1:
        raise ArgumentError(
            f"divideSeries: divisorSeries gives {len(divisors)} series; allowed is exactly one"
        )
    if not divisors:
        return [_missing("divideSeries", one) for one in dividends]
    return [_quotient("divideSeries", one, divisors[0], 1.0) for one in dividends]


@function(
    "asPercent",
    "Combine",
    Parameter("seriesList", SERIES),
    Parameter("total", TOTAL, required=False),
)
def as_percent(
    _context: Context, series: list[TimeSeries], total: list[TimeSeries] | float | None
) -> list[TimeSeries]:
    """Show each series as a percentage of a total.

    The total is a number, one series, one series for each (both in the order of their names) or,
    if none is given, the sum of them all.
    """
    if not series:
        return []
    if isinstance(total, int | float):
        return [_of_number(one, total) for one in series]
    totals = [combined(series, "sum")] if total is None else total
    return [
        _missing("asPercent", one) if of is None else _quotient("asPercent", one, of, _PERCENT)
        for one, of in _paired(series, totals)
    ]


def _paired(
    series: Sequence[TimeSeries], totals: Sequence[TimeSeries]
) -> list[tuple[TimeSeries, TimeSeries | None]]:
    if not totals:
        return [(one, None) for one in series]
    if len(totals) == 1:
        return [(one, totals[0]) for one in series]
    if len(totals) != len(series):
        raise ArgumentError(
            f"asPercent: total gives {len(totals)} series for {len(series)}; "
            "allowed are none, one, or one for each"
        )
    by_name = [sorted(side, key=lambda one: one.name) for side in (series, totals)]
    return list(zip(*by_name, strict=True))


def _quotient(function: str, series: TimeSeries, divisor: TimeSeries, factor: float) -> TimeSeries:
    above, below = aligned([series, divisor])
    name = f"{function}({series.name},{divisor.name})"
    values = factor * _divided(above.values, below.values)
    return above.derived(name, values, method="average", tags={"name": name})


def _of_number(series: TimeSeries, total: float) -> TimeSeries:
    name = f"asPercent({series.name},{total})"
    values = _PERCENT * _divided(series.values, np.full(series.values.shape, float(total)))
    return series.derived(name, values, tags={"name": name})


def _missing(function: str, series: TimeSeries) -> TimeSeries:
    name = f"{function}({series.name},MISSING)"
    return series.derived(name, np.full(series.values.shape, np.nan), tags={"name": name})


def _divided(above: Floats, below: Floats) -> Floats:
    return above / np.where(below == 0, np.nan, below)
