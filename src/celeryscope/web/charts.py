"""The charts: lines over one shared row of times, with a summary in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from celeryscope.sketch import Floats
from celeryscope.store.protocol import Timers, Window
from celeryscope.web import units
from celeryscope.web.activity import OUTCOMES, Activity
from celeryscope.web.reading import RUN_TIME, WAIT, Reading

PERCENTILES = (50, 95, 99)
_DIGITS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line; `key` names its look, NaN is a gap."""

    key: str
    label: str
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """One chart; `unit` is `ms`, `%` or a rate such as `/s`.

    The lines of a stacked chart lie upon each other, the last one at the bottom.
    """

    key: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    stacked: bool = False

    @property
    def drawn(self) -> bool:
        return any(np.isfinite(line.values).any() for line in self.lines)

    @property
    def summary(self) -> str:
        """Say in words what the lines show."""
        return " ".join(map(self._said, self.lines))

    def data(self, points: int) -> dict[str, Any]:
        """Return what the page's script draws: the first `points` of each line."""
        lines = [
            {"key": line.key, "label": line.label, "values": _rounded(line.values[:points])}
            for line in self.lines
        ]
        return {"unit": self.unit, "stacked": self.stacked, "lines": lines}

    def _said(self, line: Line) -> str:
        if not np.isfinite(line.values).any():
            return f"{line.label}: no data."
        low, mean, high = (float(f(line.values)) for f in (np.nanmin, np.nanmean, np.nanmax))
        return (
            f"{line.label}: {self._text(mean)} on average, "
            f"from {self._text(low)} to {self._text(high)}."
        )

    def _text(self, value: float) -> str:
        if self.unit == "ms":
            return str(units.duration(value))
        if self.unit == "%":
            return str(units.percent(value / 100))
        return f"{units.three_digits(value)} {self.unit}"


def of(reading: Reading) -> list[Chart]:
    """Return the charts that every page draws."""
    return [
        throughput(reading.activity),
        failure_ratio(reading.activity),
        percentiles("runtime", "Run time", reading.times, RUN_TIME),
        percentiles("wait", "Wait in queue", reading.times, WAIT),
    ]


def throughput(activity: Activity) -> Chart:
    return rates("throughput", "Throughput by outcome", OUTCOMES, OUTCOMES, activity.rates())


def rates(
    key: str, title: str, keys: Sequence[str], labels: Sequence[str], per_second: Floats
) -> Chart:
    """Stack rates of shape (lines, points) in the unit that suits their highest sum."""
    highest = np.nanmax(per_second.sum(axis=0), initial=0.0)
    unit = units.rate_unit(float(highest))
    lines = zip(keys, labels, per_second * unit.factor, strict=True)
    return Chart(key, title, unit.text, tuple(Line(*line) for line in lines), stacked=True)


def failure_ratio(activity: Activity) -> Chart:
    line = Line("failure", "failed", activity.failed_by_interval() * 100)
    return Chart("failed", "Failure ratio", "%", (line,))


def percentiles(key: str, title: str, timers: Timers, group: int) -> Chart:
    """Draw one group's percentiles, those of all its runs together."""
    lines = (
        Line(f"p{percent}", f"p{percent}", timers.grid(timers.cells.percentile(percent))[group])
        for percent in PERCENTILES
    )
    return Chart(key, title, "ms", tuple(lines))


def drawing(
    charts: Sequence[Chart], window: Window, points: int, *, follows: bool
) -> dict[str, Any]:
    """Return all that a page's script draws, in Unix seconds."""
    return {
        "start": window.start,
        "end": window.start + window.step * points,
        "step": window.step,
        "follows": follows,
        "times": (window.start + window.step * np.arange(points)).tolist(),
        "charts": {chart.key: chart.data(points) for chart in charts if chart.drawn},
    }


def _rounded(values: Floats) -> list[float | None]:
    return [float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in values]
