"""Functions that forecast each series by the method of Holt and Winters.

A value is taken as a level, a trend and the season's part, each smoothed exponentially. What is
learned starts a bootstrap interval before the range.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan, nan

import numpy as np

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import INTEGER, INTERVAL, SOURCE, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.target import Target
from celeryscope.graphite.times import parse_interval
from celeryscope.sketch import Floats

_LEVEL, _TREND, _SEASON = 0.1, 0.0035, 0.1
"""The weight of the newest value in each part; deviations are smoothed as seasons are."""

_SOURCE = Parameter("seriesList", SOURCE)
_DELTA = Parameter("delta", INTEGER, required=False, default=3)
_BOOTSTRAP = Parameter(
    "bootstrapInterval", INTERVAL, required=False, default="7d", suggestions=("7d", "30d")
)
_SEASONALITY = Parameter(
    "seasonality", INTERVAL, required=False, default="1d", suggestions=("1d", "7d")
)


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What was measured, what was predicted for it, and by how much that is usually wrong."""

    actual: TimeSeries
    predicted: TimeSeries
    deviation: TimeSeries

    def band(self, delta: float) -> TimeSeries:
        return replace(self.predicted, values=self.predicted.values + delta * self.deviation.values)


@function("holtWintersForecast", "Calculate", _SOURCE, _BOOTSTRAP, _SEASONALITY, raw=True)
def holt_winters_forecast(
    context: Context, source: Target, bootstrap: str, seasonality: str
) -> list[TimeSeries]:
    """Predict each value from those before it."""
    return [
        _named("Forecast", one.predicted)
        for one in _forecasts(context, source, bootstrap, seasonality)
    ]


@function(
    "holtWintersConfidenceBands", "Calculate", _SOURCE, _DELTA, _BOOTSTRAP, _SEASONALITY, raw=True
)
def holt_winters_confidence_bands(
    context: Context, source: Target, delta: int, bootstrap: str, seasonality: str
) -> list[TimeSeries]:
    """Show the band around the prediction that values are expected in.

    It is `delta` usual deviations wide to each side.
    """
    bands = []
    for one in _forecasts(context, source, bootstrap, seasonality):
        tagged = one.band(-delta).tagged(holtWintersConfidenceUpper=1, holtWintersConfidenceLower=1)
        lower = _named("ConfidenceLower", tagged)
        upper = _named("ConfidenceUpper", replace(tagged, values=one.band(delta).values))
        context.budget.charge(one.actual.values.size)  # since two series are made of one
        bands += [replace(band, path=one.actual.path) for band in (lower, upper)]
    return bands


@function(
    "holtWintersConfidenceArea", "Calculate", _SOURCE, _DELTA, _BOOTSTRAP, _SEASONALITY, raw=True
)
def holt_winters_confidence_area(
    context: Context, source: Target, delta: int, bootstrap: str, seasonality: str
) -> list[TimeSeries]:
    """Fill the area between the bands of holtWintersConfidenceBands."""
    bands = holt_winters_confidence_bands.code(context, source, delta, bootstrap, seasonality)
    areas = [
        band.derived(f"holtWintersConfidenceArea({band.path})", band.values)
        .tagged(holtWintersConfidenceArea=1)
        .drawn(stacked=True)
        for band in bands
    ]
    # Only the upper one of each two is to be seen: it fills what is above the lower one.
    return [one if place % 2 else one.drawn(invisible=True) for place, one in enumerate(areas)]


@function("holtWintersAberration", "Calculate", _SOURCE, _DELTA, _BOOTSTRAP, _SEASONALITY, raw=True)
def holt_winters_aberration(
    context: Context, source: Target, delta: int, bootstrap: str, seasonality: str
) -> list[TimeSeries]:
    """Show how far each value is out of the band of holtWintersConfidenceBands."""
    return [
        one.actual.derived(
            f"holtWintersAberration({one.actual.name})", _outside(one, delta)
        ).tagged(holtWintersAberration=1)
        for one in _forecasts(context, source, bootstrap, seasonality)
    ]


def _forecasts(
    context: Context, source: Target, bootstrap: str, seasonality: str
) -> list[_Forecast]:
    series = context.read(source, context.span.start - parse_interval(bootstrap))
    season = parse_interval(seasonality)
    return [_forecast(context, one, season) for one in series]


def _forecast(context: Context, series: TimeSeries, season: int) -> _Forecast:
    steps = season // series.step
    if steps <= 1:
        raise ArgumentError(
            f"seasonality is {season} s; allowed is more than one step, {series.step} s"
        )
    state = _State(steps)
    for part in context.budget.parts(series.values.tolist()):
        for value in part:
            state.learn(value)
    start = context.span.start
    return _Forecast(
        series.since(start),
        replace(series, values=np.array(state.predictions)).since(start),
        replace(series, values=np.array(state.deviations)).since(start),
    )


@dataclass(slots=True)
class _State:
    """What is known after each value; a missing one interrupts it."""

    steps: int
    level: float = nan
    trend: float = 0.0
    next: float = nan
    seasons: list[float] = field(default_factory=list)
    predictions: list[float] = field(default_factory=list)
    deviations: list[float] = field(default_factory=list)

    def learn(self, value: float) -> None:
        prediction = self.next if self.predictions else value
        self.predictions.append(prediction)
        if isnan(value):
            self.level, self.trend, self.next = nan, 0.0, nan
            self.seasons.append(0.0)
            self.deviations.append(0.0)
            return
        season, following = _season_ago(self.seasons, self.steps)
        before = value if isnan(self.level) else self.level
        self.level = _LEVEL * (value - season) + (1 - _LEVEL) * (before + self.trend)
        self.trend = _TREND * (self.level - before) + (1 - _TREND) * self.trend
        self.next = self.level + self.trend + following
        missed = abs(value - (0.0 if isnan(prediction) else prediction))
        usual, _ = _season_ago(self.deviations, self.steps)
        self.seasons.append(_SEASON * (value - self.level) + (1 - _SEASON) * season)
        self.deviations.append(_SEASON * missed + (1 - _SEASON) * usual)


def _season_ago(values: Sequence[float], steps: int) -> tuple[float, float]:
    """Return what a season before the next value was, and what followed it; 0 if unknown."""
    place = len(values) - steps
    return (values[place] if place >= 0 else 0.0, values[place + 1] if place >= -1 else 0.0)


def _named(part: str, series: TimeSeries) -> TimeSeries:
    name = f"holtWinters{part}"
    tags = {"holtWintersForecast": 1, "holtWintersDeviation": 1, name: 1}
    return series.derived(f"{name}({series.name})", series.values).tagged(**tags)


def _outside(forecast: _Forecast, delta: int) -> Floats:
    values = forecast.actual.values
    above = values - forecast.band(delta).values
    below = values - forecast.band(-delta).values
    return np.where(above > 0, above, np.where(below < 0, below, 0.0))
