"""Functions that combine two lists of series, first with first, second with second."""

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.functions.combine import combined
from celeryscope.graphite.functions.percent import quotient
from celeryscope.graphite.parameters import AGGREGATE, NUMBER, SERIES, Parameter
from celeryscope.graphite.series import TimeSeries

_FIRST = Parameter("seriesListFirstPos", SERIES)
_SECOND = Parameter("seriesListSecondPos", SERIES)

Pairs = list[tuple[TimeSeries, TimeSeries]]


@function(
    "aggregateSeriesLists",
    "Combine",
    _FIRST,
    _SECOND,
    Parameter("func", AGGREGATE),
    Parameter("xFilesFactor", NUMBER, required=False),
)
def aggregate_series_lists(
    _context: Context,
    first: list[TimeSeries],
    second: list[TimeSeries],
    func: str,
    xff: float | None,
) -> list[TimeSeries]:
    """Combine by an aggregate each series of a list with the one in its place in another."""
    return _each("aggregateSeriesLists", first, second, func, xff)


@function("sumSeriesLists", "Combine", _FIRST, _SECOND)
def sum_series_lists(
    _context: Context, first: list[TimeSeries], second: list[TimeSeries]
) -> list[TimeSeries]:
    """Add to each series of a list the one in its place in another."""
    return _each("sumSeriesLists", first, second, "sum")


@function("diffSeriesLists", "Combine", _FIRST, _SECOND)
def diff_series_lists(
    _context: Context, first: list[TimeSeries], second: list[TimeSeries]
) -> list[TimeSeries]:
    """Subtract from each series of a list the one in its place in another."""
    return _each("diffSeriesLists", first, second, "diff")


@function("multiplySeriesLists", "Combine", _FIRST, _SECOND)
def multiply_series_lists(
    _context: Context, first: list[TimeSeries], second: list[TimeSeries]
) -> list[TimeSeries]:
    """Multiply each series of a list by the one in its place in another."""
    return _each("multiplySeriesLists", first, second, "multiply")


@function(
    "divideSeriesLists",
    "Combine",
    Parameter("dividendSeriesList", SERIES),
    Parameter("divisorSeriesList", SERIES),
)
def divide_series_lists(
    _context: Context, dividends: list[TimeSeries], divisors: list[TimeSeries]
) -> list[TimeSeries]:
    """Divide each series of a list by the one in its place in another."""
    pairs = _pairs("divideSeriesLists", dividends, divisors)
    return [quotient("divideSeries", one, other) for one, other in pairs]


def _each(
    function: str,
    first: list[TimeSeries],
    second: list[TimeSeries],
    aggregate: str,
    xff: float | None = None,
) -> list[TimeSeries]:
    spelled = aggregate.removesuffix("Series")
    return [
        combined(pair, aggregate, xff).named(f"{spelled}Series({pair[0].name},{pair[1].name})")
        for pair in _pairs(function, first, second)
    ]


def _pairs(function: str, first: list[TimeSeries], second: list[TimeSeries]) -> Pairs:
    if len(first) != len(second):
        raise ArgumentError(
            f"{function}: the lists have {len(first)} and {len(second)} series; "
            "allowed is as many in each"
        )
    return list(zip(first, second, strict=True))
