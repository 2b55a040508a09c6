"""The figures at the top of a page: one question each, answered in a number and one line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from celeryscope.sketch import Floats
from celeryscope.web import units
from celeryscope.web.reading import RUN_TIME, WAIT, Reading
from celeryscope.web.sparkline import sparkline
from celeryscope.web.units import Quantity

_P95 = 95
_TIMES = {"runtime": "Run time p95", "wait": "Wait p95"}
_STEADY = 0.005
_MARKED = 0.1


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and what it means.

    `tone` is the look of `meaning`: `calm`, `good`, `warn` or `bad`; `compared` tells whether it
    speaks of the span before.
    """

    key: str
    title: str
    value: Quantity
    meaning: str
    tone: str
    compared: bool
    spark: Markup


@dataclass(frozen=True, slots=True)
class Totals:
    """One span in four numbers, NaN where there is nothing: rate a second, share, ms and ms."""

    rate: float
    failed: float
    run_time: float
    wait: float


_UNKNOWN = Totals(np.nan, np.nan, np.nan, np.nan)


def figures(now: Reading, earlier: Reading) -> list[Figure]:
    """Return the figures that have data, compared with an earlier span where that has enough."""
    after, before = _totals(now), _totals(earlier) if earlier.comparable(now) else _UNKNOWN
    p95 = now.times.grid(now.times.cells.percentile(_P95))
    rates = now.activity.rates().sum(axis=0)
    failed = now.activity.failed_by_interval()
    candidates = (
        _throughput(after.rate, before.rate, rates, now.points),
        _failures(after.failed, before.failed, failed, now.points),
        _time("runtime", after.run_time, before.run_time, p95[RUN_TIME], now.points),
        _time("wait", after.wait, before.wait, p95[WAIT], now.points),
    )
    return [figure for figure in candidates if figure.value.number != units.NOTHING]


def _totals(reading: Reading) -> Totals:
    return Totals(
        rate=reading.activity.rate(),
        failed=reading.activity.failed_ratio(),
        run_time=reading.percentile(_P95, RUN_TIME),
        wait=reading.percentile(_P95, WAIT),
    )


def _throughput(rate: float, before: float, values: Floats, points: int) -> Figure:
    change = _change(rate, before)
    return Figure(
        key="throughput",
        title="Throughput",
        value=units.rate(rate),
        meaning=change or _peak(values, units.rate),
        tone="calm",
        compared=bool(change),
        spark=sparkline(values[:points], "throughput"),
    )


def _failures(failed: float, before: float, values: Floats, points: int) -> Figure:
    moved = (failed - before) * 100
    change = "" if np.isnan(moved) else _or_unchanged(moved, _STEADY, 2, "pt")
    return Figure(
        key="failed",
        title="Failure ratio",
        value=units.percent(failed),
        meaning=change or _peak(values, units.percent),
        tone=_tone(moved, "bad"),
        compared=bool(change),
        spark=sparkline(values[:points], "failed"),
    )


def _time(key: str, value: float, before: float, values: Floats, points: int) -> Figure:
    change = _change(value, before)
    return Figure(
        key=key,
        title=_TIMES[key],
        value=units.duration(value),
        meaning=change or _peak(values, units.duration),
        tone=_tone(_relative(value, before), "warn"),
        compared=bool(change),
        spark=sparkline(values[:points], key),
    )


def _tone(change: float, worse: str) -> str:
    if change >= _MARKED:
        return worse
    return "good" if change <= -_MARKED else "calm"


def _change(value: float, before: float) -> str:
    change = _relative(value, before)
    return "" if np.isnan(change) else _or_unchanged(change * 100, _STEADY * 100, 0, "%")


def _or_unchanged(change: float, steady: float, digits: int, unit: str) -> str:
    if abs(change) < steady:
        return "unchanged"
    return f"{change:+,.{digits}f} {unit}".replace("-", "\u2212")


def _relative(value: float, before: float) -> float:
    return (value - before) / before if before > 0 else np.nan


def _peak(values: Floats, text: Callable[[float], Quantity]) -> str:
    known = values[np.isfinite(values)]
    return f"highest {text(float(known.max()))}" if known.size else ""
