"""Evaluates targets: paths are read from the store, functions applied to what they get."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from celeryscope.graphite.declaration import Context
from celeryscope.graphite.errors import ArgumentError, TargetError
from celeryscope.graphite.fetch import Fetcher
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.namespace import Namespace
from celeryscope.graphite.series import TimeSeries, consolidated
from celeryscope.graphite.target import Call, Path, Target, parse
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be drawn: from `start` up to, not including, `end`, in at most `points`."""

    start: int
    end: int
    points: int | None = None


def render(
    store: Store,
    thresholds: Iterable[float],
    targets: Sequence[str],
    span: Span,
    naming: Naming = DEFAULT_NAMING,
) -> list[TimeSeries]:
    """Return the series of all targets, in order.

    Raises:
        TargetError: A target is wrong.
        RequestError: The request is too large.
    """
    parsed = [(text, parse(text)) for text in targets]
    fetcher = Fetcher(store, Namespace(store, thresholds, naming))
    display = Context(fetcher, store.window(span.start, span.end, span.points))
    finest = Context(fetcher, store.window(span.start, span.end))
    with np.errstate(all="ignore"):
        found = [
            series
            for text, target in parsed
            for series in _Evaluation(text, finest).evaluate(target, display)
        ]
        return found if span.points is None else [consolidated(s, span.points) for s in found]


@dataclass(frozen=True, slots=True)
class _Evaluation:
    text: str
    finest: Context

    def evaluate(self, target: Target, context: Context) -> list[TimeSeries]:
        if isinstance(target, Path):
            return context.fetcher.series(target.text, context.window)
        try:
            return self._call(target, context)
        except ArgumentError as error:
            at = target.at if error.at is None else error.at
            raise TargetError(self.text, at, str(error)) from error

    def _call(self, call: Call, context: Context) -> list[TimeSeries]:
        function = FUNCTIONS.get(call.function)
        if function is None:
            raise ArgumentError(f"there is no function {call.function}{_nearest(call.function)}")
        if function.raw:
            context = self.finest
        arguments = function.bind(call, lambda target: self.evaluate(target, context))
        return function.code(context, *arguments)


def _nearest(name: str) -> str:
    near = get_close_matches(name, FUNCTIONS, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""
