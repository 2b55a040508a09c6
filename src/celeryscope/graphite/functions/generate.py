"""Functions that make a series of their own."""

from dataclasses import replace

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import DATE, INTEGER, NUMBER, POSITIVE, TEXT, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats

_NAME = Parameter("name", TEXT)
_STEP = Parameter("step", POSITIVE, required=False, default=60)
_LABEL = Parameter("label", TEXT, required=False)
_COLOR = Parameter("color", TEXT, required=False)


@function("constantLine", "Special", Parameter("value", NUMBER))
def constant_line(context: Context, value: float) -> list[TimeSeries]:
    """Draw a horizontal line.

    It has the same points as all other series, where graphite-web gives three; so one can
    calculate with it.
    """
    return [horizontal(context, value)]


@function("threshold", "Graph", Parameter("value", NUMBER), _LABEL, _COLOR)
def threshold(
    context: Context, value: float, label: str | None, color: str | None
) -> list[TimeSeries]:
    """Draw a horizontal line, with a label and a color if they are given."""
    line = horizontal(context, value)
    line = line.named(label) if label else line
    return [line.drawn(color=color) if color else line]


@function("verticalLine", "Graph", Parameter("ts", DATE), _LABEL, _COLOR)
def vertical_line(
    context: Context, time: str, label: str | None, color: str | None
) -> list[TimeSeries]:
    """Draw a vertical line at a time within the range."""
    start, span = context.time("ts", time), context.span
    if not span.start <= start <= span.end:
        raise ArgumentError(
            f"verticalLine: ts is {start}; allowed is a time from {span.start} to {span.end}"
        )
    name = label or f"verticalLine({start})"
    line = TimeSeries(name, start, 1, np.ones(1), path=name, tags={"name": name})
    line = line.drawn(drawAsInfinite=True)
    return [line.drawn(color=color) if color else line]


@function("identity", "Calculate", _NAME)
def identity(context: Context, name: str) -> list[TimeSeries]:
    """Show the time itself, in Unix seconds, once a minute."""
    line = _over_range(context, name, 60)
    return [replace(line, path=f'identity("{name}")')]


@function("timeFunction", "Transform", _NAME, _STEP, aliases=("time",))
def time_function(context: Context, name: str, step: int) -> list[TimeSeries]:
    """Show the time itself, in Unix seconds, every `step` seconds."""
    return [_over_range(context, name, step)]


@function(
    "sinFunction",
    "Transform",
    _NAME,
    Parameter("amplitude", INTEGER, required=False, default=1),
    _STEP,
    aliases=("sin",),
)
def sin_function(context: Context, name: str, amplitude: int, step: int) -> list[TimeSeries]:
    """Show the sine of the time in Unix seconds, `amplitude` high."""
    line = _over_range(context, name, step)
    return [replace(line, values=amplitude * np.sin(line.values))]


@function("randomWalkFunction", "Special", _NAME, _STEP, aliases=("randomWalk",))
def random_walk(context: Context, name: str, step: int) -> list[TimeSeries]:
    """Start at zero, and go up or down by at most a half every `step` seconds."""
    line = _over_range(context, name, step)
    moves = np.random.default_rng().uniform(-0.5, 0.5, line.values.size)
    return [replace(line, values=np.cumsum(moves) - moves[0])]


@function("events", "Special", Parameter("tags", TEXT, multiple=True))
def events(context: Context, tags: list[str]) -> list[TimeSeries]:
    """Show how many events with all of some tags there were; `"*"` stands for any event.

    Best drawn by `drawAsInfinite`.
    """
    quoted = ", ".join(f'"{tag}"' for tag in tags)
    name, window = f"events({quoted})", context.window
    counts = context.fetcher.events([] if tags == ["*"] else tags, window)
    line = _made(context, name, window.start, window.step, counts, name)
    return [replace(line, method="sum")]


def horizontal(context: Context, value: float) -> TimeSeries:
    """Return a line of one value with the points that all series have."""
    window = context.window
    context.budget.charge(window.points)
    name, values = str(None if np.isnan(value) else value), np.full(window.points, value)
    path = f"constantLine({name})"
    return _made(context, name, window.start, window.step, values, path)


def _over_range(context: Context, name: str, step: int) -> TimeSeries:
    """Return the times of the range, from its very start on."""
    start, end = context.span.start, context.span.end
    context.budget.charge(-(-(end - start) // step))
    times = np.arange(start, end, step, dtype=np.float64)
    return _made(context, name, start, step, times, name)


def _made(
    context: Context, name: str, start: int, step: int, values: Floats, path: str
) -> TimeSeries:
    return TimeSeries(
        name, start, step, values, path=path, tags={"name": name}, xff=context.span.xff
    )
