import numpy as np
import pytest

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.span import Span
from support.graphite_gauges import START, drawn, only, points

X = "stats.gauges.x"
SEASON = 6  # steps
LEARNT = 120
SPAN = Span(START, START + 10 * SEASON)
BEFORE = START - 10 * LEARNT
ARGUMENTS = f"'{10 * LEARNT}s','{10 * SEASON}s'"


def seasonal(last: float = 0.0) -> list[float | None]:
    places = np.arange(LEARNT + SEASON)
    values = (100 + 10 * np.sin(2 * np.pi * places / SEASON)).tolist()
    return [*values[:-1], values[-1] + last]


def test_what_repeats_is_forecast() -> None:
    forecast = only(f"holtWintersForecast({X},{ARGUMENTS})", SPAN, BEFORE, x=seasonal())
    assert forecast.name == f"holtWintersForecast({X})"
    assert (forecast.start, forecast.values.size) == (START, SEASON)
    expected = np.array(seasonal()[LEARNT:], dtype=np.float64)
    np.testing.assert_allclose(forecast.values, expected, atol=4)


def test_a_band_lies_around_the_forecast() -> None:
    call = f"({X},3,{ARGUMENTS})"
    lower, upper = drawn(f"holtWintersConfidenceBands{call}", SPAN, BEFORE, x=seasonal())
    assert [lower.name, upper.name] == [
        f"holtWintersConfidenceLower({X})",
        f"holtWintersConfidenceUpper({X})",
    ]
    forecast = only(f"holtWintersForecast({X},{ARGUMENTS})", SPAN, BEFORE, x=seasonal())
    np.testing.assert_allclose((lower.values + upper.values) / 2, forecast.values)
    area = drawn(f"holtWintersConfidenceArea{call}", SPAN, BEFORE, x=seasonal())
    assert [one.name for one in area] == [f"holtWintersConfidenceArea({X})"] * 2
    assert [one.options for one in area] == [
        {"stacked": True, "invisible": True},
        {"stacked": True},
    ]


def test_an_aberration_is_what_lies_outside_of_the_band() -> None:
    call = f"holtWintersAberration({X},3,{ARGUMENTS})"
    assert points(only(call, SPAN, BEFORE, x=seasonal())) == [0] * SEASON
    *others, outlier = only(call, SPAN, BEFORE, x=seasonal(500)).values
    assert others == [0] * (SEASON - 1)
    assert 300 < outlier < 500
    *_, fallen = only(call, SPAN, BEFORE, x=seasonal(-500)).values
    assert -500 < fallen < -300


def test_a_gap_has_a_forecast_only_at_its_start() -> None:
    values = seasonal()
    values[LEARNT] = values[LEARNT + 1] = None
    call = f"holtWintersForecast({X},{ARGUMENTS})"
    first, second, third, *_ = points(only(call, SPAN, BEFORE, x=values))
    assert first is not None
    assert (second, third) == (None, None)


def test_a_season_must_have_more_than_one_step() -> None:
    with pytest.raises(TargetError, match="seasonality is 10 s; allowed is more than one step"):
        drawn(f"holtWintersForecast({X},'1h','10s')", x=[1])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", [1, 2, 3, 4]),
        (f",'{START}','{START + 20}'", [1, 2, 3, 4]),
        (f",'{START + 20}','{START + 40}'", [-1, 1, 3, 5]),
    ],
)
def test_a_line_fits_a_part_of_a_series(arguments: str, expected: list[float]) -> None:
    values = [1, 2, 3, 5] if arguments.endswith(f"{START + 40}'") else [1, 2, 3, 4]
    series = only(f"linearRegression({X}{arguments})", x=list(values))
    ends = arguments.replace("'", "").split(",")[1:] or [str(START), str(START + 40)]
    assert series.name == f"linearRegression({X}, {ends[0]}, {ends[1]})"
    assert points(series) == expected


def test_no_line_fits_less_than_two_values() -> None:
    assert drawn(f"linearRegression({X})", x=[1, None]) == []


def test_an_aggregate_is_drawn_as_a_line() -> None:
    series = only(f"aggregateLine({X},'max')", x=[1, None, 3])
    assert (series.name, points(series)) == (f"aggregateLine({X}, 3)", [3, 3, 3])
    target = f"aggregateLine(summarize({X},'20s','sum',true),'min',true)"
    assert only(target, x=[1, 1, 3, 3]).step == 20


def test_a_percentile_is_drawn_as_a_line() -> None:
    series = only(f"nPercentile({X},50)", x=[1, None, 3, 8])
    assert (series.name, points(series)) == (f"nPercentile({X}, 50)", [3, 3, 3, 3])
    assert drawn(f"nPercentile(invert({X}),50)", x=[0]) == []
    with pytest.raises(TargetError, match="nPercentile: n is 0; allowed is a number of more"):
        drawn(f"nPercentile({X},0)", x=[1])
