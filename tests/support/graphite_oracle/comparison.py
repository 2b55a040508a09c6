"""Both sides' answers in one form, and what is different between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats
from support.graphite_oracle import Answer


@dataclass(frozen=True)
class Line:
    """One series as it is shown."""

    name: str
    tags: dict[str, str]
    times: Sequence[int]
    values: Floats


def of_ours(series: TimeSeries) -> Line:
    times = series.start + series.step * np.arange(series.values.size)
    return Line(series.name, series.tags, times.tolist(), series.values)


def of_theirs(answer: Answer) -> list[Line]:
    return [
        Line(
            one["target"],
            one["tags"],
            [time for _, time in one["datapoints"]],
            np.array([nan if value is None else value for value, _ in one["datapoints"]], float),
        )
        for one in answer.json
    ]


def difference(ours: Sequence[Line], theirs: Sequence[Line]) -> str:
    """Say how answers differ; nothing if they do not."""
    names = [[one.name for one in side] for side in (ours, theirs)]
    if names[0] != names[1]:
        return f"names\n  {names[0]} not\n  {names[1]}"
    pairs = zip(ours, theirs, strict=True)
    return next(filter(None, (_between(one, other) for one, other in pairs)), "")


def _between(ours: Line, theirs: Line) -> str:
    if ours.tags != theirs.tags:
        return f"tags of {ours.name}\n  {ours.tags} not\n  {theirs.tags}"
    if list(ours.times) != list(theirs.times):
        return f"times of {ours.name}\n  {_ends(ours)} not\n  {_ends(theirs)}"
    wrong = ~np.isclose(ours.values, theirs.values, rtol=1e-9, atol=1e-9, equal_nan=True)
    if not wrong.any():
        return ""
    place = int(np.argmax(wrong))
    return (
        f"value {place} of {ours.name} (and {wrong.sum() - 1} more): "
        f"{ours.values[place]!r} not {theirs.values[place]!r}"
    )


def _ends(line: Line) -> str:
    return f"{len(line.times)}: {list(line.times[:2])}...{list(line.times[-1:])}"
