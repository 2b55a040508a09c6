"""Both sides' answers in one form, and what is different between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats
from support.graphite_oracle import Answer
from support.graphite_oracle.deviations import ALL, NAMES, TAGS, TIMES, VALUES, Aspect

_LONG_NUMBER = re.compile(r"-?\d+\.\d{6,}(?:e[+-]?\d+)?")


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
            str(one["target"]),
            one["tags"],
            [time for _, time in one["datapoints"]],
            np.array([nan if value is None else value for value, _ in one["datapoints"]], float),
        )
        for one in answer.json
    ]


def difference(
    ours: Sequence[Line], theirs: Sequence[Line], aspects: frozenset[Aspect] = ALL
) -> str:
    """Say how answers differ; nothing if they do not."""
    names = [[_rounded(one.name) for one in side] for side in (ours, theirs)]
    if NAMES in aspects and names[0] != names[1]:
        return f"names\n  {names[0]} not\n  {names[1]}"
    if len(ours) != len(theirs):
        return f"{len(ours)} series not {len(theirs)}"
    pairs = zip(ours, theirs, strict=True)
    return next(filter(None, (_between(one, other, aspects) for one, other in pairs)), "")


def _between(ours: Line, theirs: Line, aspects: frozenset[Aspect]) -> str:
    tags = [{tag: _rounded(value) for tag, value in one.tags.items()} for one in (ours, theirs)]
    if TAGS in aspects and tags[0] != tags[1]:
        return f"tags of {ours.name}\n  {ours.tags} not\n  {theirs.tags}"
    if TIMES in aspects and list(ours.times) != list(theirs.times):
        return f"times of {ours.name}\n  {_ends(ours)} not\n  {_ends(theirs)}"
    if VALUES not in aspects:
        return ""
    wrong = ~np.isclose(ours.values, theirs.values, rtol=1e-9, atol=1e-9, equal_nan=True)
    if not wrong.any():
        return ""
    place = int(np.argmax(wrong))
    return (
        f"value {place} of {ours.name} (and {wrong.sum() - 1} more): "
        f"{ours.values[place]!r} not {theirs.values[place]!r}"
    )


def _rounded(text: str) -> str:
    """Return a name with the numbers in it to nine digits: sums may differ in their last."""
    return _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.9g}", text)


def _ends(line: Line) -> str:
    return f"{len(line.times)}: {list(line.times[:2])}...{list(line.times[-1:])}"
