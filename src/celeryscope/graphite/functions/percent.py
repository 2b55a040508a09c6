"""Functions that divide series by one another."""

from collections.abc import Iterator, Sequence

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.functions.combine import combined
from celeryscope.graphite.naming import by_nodes
from celeryscope.graphite.parameters import NODE_OR_TAG, SERIES, TOTAL, Parameter
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
        return [_nothing(one, f"divideSeries({one.name},MISSING)") for one in dividends]
    return [quotient("divideSeries", one, divisors[0]) for one in dividends]


@function(
    "asPercent",
    "Combine",
    Parameter("seriesList", SERIES),
    Parameter("total", TOTAL, required=False),
    Parameter("nodes", NODE_OR_TAG, required=False, multiple=True),
    aliases=("pct",),
)
def as_percent(
    _context: Context,
    series: list[TimeSeries],
    total: list[TimeSeries] | float | None,
    nodes: list[int | str],
) -> list[TimeSeries]:
    """Show each series as a percentage of a total.

    The total is a number, one series, one series for each (both in the order of their names) or,
    if none is given, the sum of them all. With nodes it is the sum of those series of the total
    (if none is given, of all) that share these nodes of their names with the series.
    """
    if not series:
        return []
    if isinstance(total, int | float):
        if nodes:
            raise ArgumentError("asPercent: total is a number; allowed with nodes are series")
        return [_of_number(one, total) for one in series]
    if nodes:
        return list(_by_group(series, series if total is None else total, nodes))
    totals = [combined(series, "sum", 0.0)] if total is None else total
    return [_percentage(one, of) for one, of in _paired(series, totals)]


def quotient(
    function: str, series: TimeSeries, divisor: TimeSeries, factor: float = 1.0
) -> TimeSeries:
    """Divide a series by another, on a grid that both fit on."""
    above, below = aligned([series, divisor])
    name = f"{function}({series.name},{divisor.name})"
    values = factor * divided(above.values, below.values)
    xff = max(series.xff, divisor.xff)
    return above.derived(name, values, method="average", tags={"name": name}, xff=xff)


def divided(above: Floats, below: Floats) -> Floats:
    """Divide; by zero gives NaN."""
    return above / np.where(below == 0, np.nan, below)


def _by_group(
    series: Sequence[TimeSeries], totals: Sequence[TimeSeries], nodes: Sequence[int | str]
) -> Iterator[TimeSeries]:
    parts = by_nodes(series, nodes)
    wholes = {
        key: group[0] if len(group) == 1 else combined(group, "sum", 0.0)
        for key, group in by_nodes(totals, nodes).items()
    }
    for key in [*parts, *(key for key in wholes if key not in parts)]:
        yield from (_percentage(one, wholes.get(key)) for one in parts.get(key, ()))
        if key not in parts:
            name = f"asPercent(MISSING,{wholes[key].name})"
            yield _plain(_nothing(wholes[key], name))


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


def _percentage(series: TimeSeries, total: TimeSeries | None) -> TimeSeries:
    if total is None:
        return _plain(_nothing(series, f"asPercent({series.name},MISSING)"))
    return quotient("asPercent", series, total, _PERCENT)


def _of_number(series: TimeSeries, total: float) -> TimeSeries:
    name = f"asPercent({series.name},{total})"
    values = _PERCENT * divided(series.values, np.full(series.values.shape, float(total)))
    return _plain(series.derived(name, values))


def _nothing(series: TimeSeries, name: str) -> TimeSeries:
    return series.derived(name, np.full(series.values.shape, np.nan))


def _plain(series: TimeSeries) -> TimeSeries:
    return series.derived(series.name, series.values, tags={"name": series.name})
