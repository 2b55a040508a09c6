"""A function of the target language: its code with its name and parameters beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from inspect import getdoc

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import ArgumentError, RefusedError, RequestError, one_line
from celeryscope.graphite.fetch import Fetcher
from celeryscope.graphite.parameters import SERIES, TOTAL, Evaluate, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from celeryscope.graphite.target import Call, Expression, Target
from celeryscope.graphite.times import parse_time
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Window


@dataclass(frozen=True, slots=True)
class Context:
    """What a function may use beside its arguments; `stacks` are the request's sums so far."""

    fetcher: Fetcher
    budget: Budget
    span: Span
    evaluate: Callable[[Target, "Context"], list[TimeSeries]]
    stacks: dict[str, Floats]

    @property
    def window(self) -> Window:
        """The intervals that paths are read in."""
        return self.fetcher.window(self.span.start, self.span.end, self.span.points)

    def finest(self) -> "Context":
        """Return the same range at the finest step that the store has for it."""
        return replace(self, span=replace(self.span, points=None))

    def read(
        self, target: Target, start: int | None = None, end: int | None = None
    ) -> list[TimeSeries]:
        """Evaluate a target, over a range of its own if one is given; time starts at 0."""
        first = self.span.start if start is None else max(start, 0)
        last = self.span.end if end is None else max(end, 0)
        return self.evaluate(target, replace(self, span=replace(self.span, start=first, end=last)))

    def time(self, key: str, text: str) -> int:
        """Return the Unix time that an argument names; `key` says which one it is.

        Raises:
            ArgumentError: It names none.
        """
        now = self.span.end if self.span.now is None else self.span.now
        try:
            return parse_time(key, text, now, self.span.zone)
        except RequestError as error:
            raise ArgumentError(str(error)) from None


Code = Callable[..., list[TimeSeries]]
"""Takes the context, then one argument for each parameter."""


@dataclass(frozen=True, slots=True)
class Function:
    """A declared function.

    A `raw` one gets its arguments at the finest step that the store has, because its result
    depends on the step; all others get them at the step of the display, merged by kind.
    """

    name: str
    group: str
    parameters: tuple[Parameter, ...]
    code: Code
    raw: bool
    aliases: tuple[str, ...]

    def describe(self, name: str) -> dict[str, object]:
        """Return what `/functions` shows under one of the function's names."""
        signature = ", ".join(map(_signature, self.parameters))
        return {
            "name": name,
            "function": f"{name}({signature})",
            "description": getdoc(self.code),
            "module": self.code.__module__,
            "group": self.group,
            "params": [parameter.describe() for parameter in self.parameters],
        }

    def bind(self, call: Call, evaluate: Evaluate) -> list[object]:
        """Return one value for each parameter; those that are `multiple` get a list.

        Raises:
            ArgumentError: An argument is missing, unknown, given twice or not what is allowed.
        """
        given: dict[str, list[Expression]] = {parameter.name: [] for parameter in self.parameters}
        for parameter, argument in self._placed(call):
            given[parameter.name].append(argument)
        return [self._value(one, given[one.name], call, evaluate) for one in self.parameters]

    def filled(self, lists: list[list[TimeSeries]]) -> list[object]:
        """Return one value for each parameter: lists of series first, then defaults.

        Raises:
            ArgumentError: It takes fewer lists, or cannot do without what it would lack.
        """
        if self.parameters[0].multiple:
            return [lists, *(one.default for one in self.parameters[1:])]
        taken, rest = self.parameters[: len(lists)], self.parameters[len(lists) :]
        of_series = [one for one in taken if one.type in {SERIES, TOTAL}]
        if len(of_series) < len(lists) or any(one.required for one in rest):
            raise ArgumentError(f"{self.name} takes other arguments")
        return [*lists, *([] if one.multiple else one.default for one in rest)]

    def _placed(self, call: Call) -> Iterator[tuple[Parameter, Expression]]:
        for place, argument in enumerate(call.arguments):
            parameter = self.parameters[min(place, len(self.parameters) - 1)]
            if place >= len(self.parameters) and not parameter.multiple:
                count = f"{len(self.parameters)} argument{'s' * (len(self.parameters) > 1)}"
                raise ArgumentError(f"{call.function} takes {count} at most", argument.at)
            yield parameter, argument
        named = {one.name: one for one in self.parameters[len(call.arguments) :]}
        for keyword, argument in call.keywords:
            if keyword not in named:
                free = ", ".join(named) or "none"
                raise ArgumentError(
                    f"{call.function} has no open keyword {keyword}; allowed here: {free}",
                    argument.at,
                )
            yield named[keyword], argument

    def _value(
        self, parameter: Parameter, given: list[Expression], call: Call, evaluate: Evaluate
    ) -> object:
        if not given and parameter.required:
            raise ArgumentError(
                f"{call.function} needs {parameter.name}: {parameter.allowed}", call.at
            )
        values = [_read(parameter, argument, call, evaluate) for argument in given]
        if parameter.multiple:
            return values
        return values[0] if values else parameter.default


def function(
    name: str, group: str, *parameters: Parameter, raw: bool = False, aliases: tuple[str, ...] = ()
) -> Callable[[Code], Function]:
    """Declare the decorated code as a function; its docstring is the help that clients see."""
    return lambda code: Function(name, group, parameters, code, raw, aliases)


def _read(parameter: Parameter, argument: Expression, call: Call, evaluate: Evaluate) -> object:
    if parameter.optional and str(argument).lower() == "none":
        return parameter.default
    try:
        return parameter.read(argument, evaluate)
    except RefusedError:
        raise ArgumentError(
            f"{call.function}: {parameter.name} is {one_line(str(argument))}; "
            f"allowed is {parameter.allowed}",
            argument.at,
        ) from None


def _signature(parameter: Parameter) -> str:
    star = "*" * parameter.multiple
    default = "" if parameter.required or parameter.multiple else f"={parameter.default!r}"
    return f"{star}{parameter.name}{default}"
