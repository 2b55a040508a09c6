"""Evaluates targets: paths are read from the store, functions applied to what they get."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from celeryscope.graphite import template
from celeryscope.graphite.budget import IN_PYTHON, Budget
from celeryscope.graphite.declaration import Context
from celeryscope.graphite.errors import ArgumentError, TargetError
from celeryscope.graphite.fetch import Fetcher
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.kept import KeptGrids
from celeryscope.graphite.namespace import Namespace
from celeryscope.graphite.series import TimeSeries, consolidated
from celeryscope.graphite.span import Span
from celeryscope.graphite.target import Call, Path, Target, parse
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.sketch import Floats
from celeryscope.store.protocol import Store


def render(
    store: Store,
    thresholds: Iterable[float],
    targets: Sequence[str],
    span: Span,
    naming: Naming = DEFAULT_NAMING,
    budget: Budget | None = None,
    kept: KeptGrids | None = None,
) -> list[TimeSeries]:
    """Return the series of all targets, in order; `kept` is what requests share.

    Raises:
        TargetError: A target is wrong.
        LimitError: The request needs more than its budget.
    """
    budget = budget or Budget()
    store = store.ended_by(budget)
    parsed = [(text, parse(text)) for text in targets]
    fetcher = Fetcher(store, Namespace(store, thresholds, naming), kept or KeptGrids(), budget)
    stacks: dict[str, Floats] = {}
    with np.errstate(all="ignore"):
        found = [
            series
            for text, target in parsed
            for series in Context(fetcher, budget, span, _Evaluation(text), stacks).read(target)
        ]
        return found if span.points is None else _merged(found, span.points, budget)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """Evaluates a target and all within it; errors show the whole of its `text`."""

    text: str

    def __call__(self, target: Target, context: Context) -> list[TimeSeries]:
        if isinstance(target, Path):
            return context.fetcher.series(target.text, context.window, context.span.xff)
        try:
            return _called(target, context)
        except ArgumentError as error:
            at = target.at if error.at is None else error.at
            raise TargetError(self.text, at, str(error)) from error


def _called(call: Call, context: Context) -> list[TimeSeries]:
    if call.function == template.NAME:
        return context.read(template.filled(call, context.span.templates))
    function = FUNCTIONS.get(call.function)
    if function is None:
        raise ArgumentError(f"there is no function {call.function}{_nearest(call.function)}")
    if function.raw:
        context = context.finest()
    made = function.code(context, *function.bind(call, context.read))
    context.budget.work(_steps(made))
    return made


def _merged(series: Sequence[TimeSeries], points: int, budget: Budget) -> list[TimeSeries]:
    merged = []
    for one in series:
        budget.work(one.values.size)
        merged.append(consolidated(one, points))
    return merged


def _steps(made: Iterable[TimeSeries]) -> int:
    return sum(IN_PYTHON + one.values.size for one in made)


def _nearest(name: str) -> str:
    near = get_close_matches(name, FUNCTIONS, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""
