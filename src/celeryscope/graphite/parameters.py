"""What a function's parameter accepts, and how an argument in a target becomes its value."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import orjson

from celeryscope.graphite.aggregates import AGGREGATE_NAMES, canonical
from celeryscope.graphite.errors import RefusedError
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import Expression, Literal, Path, Target
from celeryscope.graphite.times import ALIGNMENTS, INTERVALS, parse_interval, parse_offset
from celeryscope.graphite.times import ALLOWED as TIMES

Evaluate = Callable[[Target], list[TimeSeries]]
Scalar = str | int | float | bool | None
Flag = bool
"""A boolean argument: those of a target come in order, not by keyword."""


@dataclass(frozen=True, slots=True)
class Type:
    """A kind of argument: what is allowed in words, and how it is read.

    `name` is graphite-web's, which Grafana's editor knows. Reading raises RefusedError for
    anything that is not allowed.
    """

    name: str
    allowed: str
    read: Callable[[Expression, Evaluate], object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `multiple` takes all arguments that are left, `options` lists its values.

    `suggestions` are values that editors offer.
    """

    name: str
    type: Type
    required: bool = True
    default: Scalar = None
    multiple: bool = False
    options: tuple[Scalar, ...] = ()
    suggestions: tuple[str | int, ...] = ()

    def describe(self) -> dict[str, object]:
        """Return the entry that `/functions` shows."""
        entry: dict[str, object] = {"name": self.name, "type": self.type.name}
        if self.required:
            entry["required"] = True
        if self.default is not None:
            entry["default"] = _INFINITY if self.default == inf else self.default
        if self.multiple:
            entry["multiple"] = True
        if options := self.options or _OPTIONS.get(self.type.name):
            entry["options"] = sorted(options, key=str)
        if self.suggestions:
            entry["suggestions"] = list(self.suggestions)
        return entry

    @property
    def optional(self) -> bool:
        """Whether `none` stands for the default."""
        return not self.required and not self.multiple

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(map(str, self.options))}" if self.options else self.type.allowed

    def read(self, argument: Expression, evaluate: Evaluate) -> object:
        """Return the argument's value.

        Raises:
            RefusedError: It is not what the parameter accepts.
        """
        value = self.type.read(argument, evaluate)
        if self.options and value not in self.options:
            raise RefusedError
        return value


def _series(argument: Expression, evaluate: Evaluate) -> list[TimeSeries]:
    if isinstance(argument, Literal):
        raise RefusedError
    return evaluate(argument)


def _unread(argument: Expression, _evaluate: Evaluate) -> Target:
    if isinstance(argument, Literal):
        raise RefusedError
    return argument


def _pattern(argument: Expression, _evaluate: Evaluate) -> str:
    if not isinstance(argument, Path):
        raise RefusedError
    return argument.text


def _quoted(argument: Expression, _evaluate: Evaluate) -> Literal:
    if not isinstance(argument, Literal) or not isinstance(argument.value, str):
        raise RefusedError
    return argument


def _scalar(convert: Callable[[Scalar], object]) -> Callable[[Expression, Evaluate], object]:
    def read(argument: Expression, _evaluate: Evaluate) -> object:
        if not isinstance(argument, Literal):
            raise RefusedError
        try:
            return convert(argument.value)
        except (TypeError, ValueError, OverflowError):
            raise RefusedError from None

    return read


def _text(value: Scalar) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _as_written(value: Scalar) -> float:
    """Return a whole number as it is, so that names show it as it was written."""
    if value is None or isinstance(value, bool):
        raise TypeError(value)
    return float(value) if isinstance(value, str) else value


def _number(value: Scalar) -> float:
    return float(_as_written(value))


def _integer(value: Scalar) -> int:
    number = _number(value)
    if not number.is_integer():
        raise ValueError(value)
    return int(number)


def _boolean(value: Scalar) -> bool:
    spelled = {True: True, False: False, "true": True, "false": False}
    key = value.lower() if isinstance(value, str) else value
    if key not in spelled:
        raise ValueError(value)
    return spelled[key]


def _interval(value: Scalar) -> str:
    """Return it as it was written, for the name of the result."""
    parse_interval(_text(value))
    return _text(value)


def _offset(value: Scalar) -> str:
    """Return it with its sign; without one it goes back in time."""
    text = _text(value)
    parse_offset(text)
    return text if text[0] in "+-" else f"-{text}"


def _points_or_interval(value: Scalar) -> int | str:
    if not isinstance(value, str):
        return _positive(value)
    parse_interval(value.removeprefix("-"))
    return value


def _positive(value: Scalar) -> int:
    number = _integer(value)
    if number < 1:
        raise ValueError(value)
    return number


def _points_or_infinity(value: Scalar) -> float:
    return inf if value == inf else _integer(value)


def _aggregate(value: Scalar) -> str:
    if canonical(_text(value)) is None:
        raise ValueError(value)
    return _text(value)


def _share(value: Scalar) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError(value)
    return number


def _alignment(value: Scalar) -> str | None:
    """Return a unit of the calendar; booleans, once allowed here, mean none."""
    if isinstance(value, bool):
        return None
    text = _text(value)
    if text not in ALIGNMENTS:
        raise ValueError(value)
    return text


def _date(value: Scalar) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _aggregate_or_function(value: Scalar) -> str:
    return _text(value) if value in _COMBINERS else _aggregate(value)


def _node_or_tag(value: Scalar) -> int | str:
    return value if isinstance(value, str) else _integer(value)


def _series_or_number(argument: Expression, evaluate: Evaluate) -> object:
    return (_AS_WRITTEN if isinstance(argument, Literal) else SERIES).read(argument, evaluate)


_INFINITY = orjson.Fragment(b"1e9999")  # what JavaScript reads as infinity
_COMBINERS = (
    *("asPercent", "averageSeries", "averageSeriesWithWildcards", "countSeries", "diffSeries"),
    *("diffSeriesLists", "maxSeries", "minSeries", "multiplySeries", "multiplySeriesLists"),
    *("multiplySeriesWithWildcards", "pct", "powSeries", "rangeOfSeries", "stddevSeries"),
    *("sumSeries", "sumSeriesLists", "sumSeriesWithWildcards"),
)
"""The functions that groups may be combined by, beside the aggregates."""

SERIES = Type("seriesList", "a path or a function", _series)
SERIES_LISTS = Type("seriesLists", SERIES.allowed, _series)
SOURCE = Type(SERIES.name, SERIES.allowed, _unread)
TIMERS = Type("seriesList", "a path of timers, without a statistic", _pattern)
TEXT = Type("string", "text in quotes", _scalar(_text))
QUOTED = Type(TEXT.name, TEXT.allowed, _quoted)
"""Text together with its quotes, as it was written."""
NUMBER = Type("float", "a number", _scalar(_number))
_AS_WRITTEN = Type("float", "a number", _scalar(_as_written))
TOTAL = Type("any", "a path, a function, a number or none", _series_or_number)
INTEGER = Type("integer", "a whole number", _scalar(_integer))
POSITIVE = Type(INTEGER.name, "a whole number from 1 on", _scalar(_positive))
NODE = Type("node", "a whole number: the node's place in the path, from 0", _scalar(_integer))
NODE_OR_TAG = Type(
    "nodeOrTag", "a node's place in the path, from 0, or a tag in quotes", _scalar(_node_or_tag)
)
TAG = Type("tag", "a tag in quotes", _scalar(_text))
BOOLEAN = Type("boolean", "true or false", _scalar(_boolean))
DATE = Type("date", f"{TIMES}, in quotes", _scalar(_date))
POINTS_OR_INTERVAL = Type(
    "intOrInterval", f"a number of points, or {INTERVALS}, in quotes", _scalar(_points_or_interval)
)
POINTS_OR_INFINITY = Type("intOrInf", "a whole number or inf", _scalar(_points_or_infinity))
INTERVAL = Type("interval", f"{INTERVALS}, in quotes", _scalar(_interval))
INTERVAL_TEXT = Type(TEXT.name, INTERVAL.allowed, INTERVAL.read)
SHARE = Type(NUMBER.name, "a number from 0 to 1", _scalar(_share))
ALIGNMENT = Type("string", f"one of {', '.join(ALIGNMENTS)}", _scalar(_alignment))
OFFSET = Type("interval", f"{INTERVALS}, with a sign or without, in quotes", _scalar(_offset))
AGGREGATE = Type("aggFunc", f"one of {', '.join(AGGREGATE_NAMES)}, in quotes", _scalar(_aggregate))
COMBINER = Type(
    "aggOrSeriesFunc",
    f"one of {', '.join(AGGREGATE_NAMES)} or a function of series, in quotes",
    _scalar(_aggregate_or_function),
)

_OPTIONS = {AGGREGATE.name: AGGREGATE_NAMES, COMBINER.name: (*AGGREGATE_NAMES, *_COMBINERS)}
