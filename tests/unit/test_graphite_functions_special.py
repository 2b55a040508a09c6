import pytest

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.span import Span
from celeryscope.graphite.units import with_unit
from support.graphite_gauges import START, Points, drawn, only, points

X = "stats.gauges.x"
VALUES: Points = [1, None, 3, 8]
HALF = Span(START, START + 40, 2)


@pytest.mark.parametrize(
    ("call", "name", "expected"),
    [
        ("consolidateBy({},'max')", 'consolidateBy({},"max")', [1, 8]),
        ("consolidateBy({},'avg')", 'consolidateBy({},"avg")', [1, 5.5]),
        ("consolidateBy({},'avg_zero')", 'consolidateBy({},"avg_zero")', [0.5, 5.5]),
        ("cumulative({})", 'consolidateBy({},"sum")', [1, 11]),
        ("setXFilesFactor({},0.6)", "{}", [None, 5.5]),
        ("xFilesFactor({},0.5)", "{}", [1, 5.5]),
    ],
)
def test_how_values_merge_may_be_chosen(call: str, name: str, expected: Points) -> None:
    series = only(call.format(X), HALF, x=VALUES)
    assert (series.name, points(series)) == (name.format(X), expected)


def test_the_request_may_say_how_much_has_to_be_known() -> None:
    strict = Span(START, START + 40, 2, xff=0.6)
    assert points(only(X, strict, x=VALUES)) == [1, 5.5]  # the store itself has merged them
    assert points(only(f"derivative(cumulative({X}))", strict, x=VALUES)) == [None, None]


@pytest.mark.parametrize("share", ["-0.1", "1.1", "'much'"])
def test_a_share_is_a_number_up_to_one(share: str) -> None:
    with pytest.raises(TargetError, match=r"xFilesFactor is .*; allowed is a number from 0 to 1"):
        drawn(f"setXFilesFactor({X},{share})", x=VALUES)


def test_other_series_stand_in_for_none() -> None:
    assert only("fallbackSeries(stats.gauges.no,constantLine(2))", x=VALUES).name == "2.0"
    assert only(f"fallbackSeries({X},constantLine(2))", x=VALUES).name == X


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("", "stats.gauges.x"),
        (",1", "gauges.x"),
        (",1,2", "gauges"),
        (",-1", "x"),
        (",0,-1", "stats.gauges"),
    ],
)
def test_a_part_of_the_name_is_shown(arguments: str, name: str) -> None:
    assert only(f"substr({X}{arguments})", x=VALUES).name == name
    assert only(f"substr(alias(scale({X},2),'scale({X},2)'){arguments})", x=VALUES).name == name


def test_a_legend_has_columns() -> None:
    first, second = drawn("cactiStyle(stats.gauges.*)", x=VALUES, yy=[2500, 10])
    assert first.name == "stats.gauges.x  Current:8.00     Max:8.00       Min:1.00     "
    assert second.name == "stats.gauges.yy Current:10.00    Max:2500.00    Min:10.00    "
    scaled = only("cactiStyle(stats.gauges.*,'si','B')", x=[None, 2500])
    assert scaled.name == "stats.gauges.x Current:2.50 kB    Max:2.50 kB    Min:2.50 kB    "
    unknown = only(f"cactiStyle(invert({X}))", x=[0])
    assert unknown.name == f"invert({X}) Current:nan     Max:nan     Min:nan     "
    assert drawn("cactiStyle(stats.gauges.no)", x=VALUES) == []


@pytest.mark.parametrize(
    ("value", "system", "unit", "shown"),
    [
        (1.005, None, "", "1.00"),
        (1500, "si", "", "1.50k"),
        (-2_500_000, "si", "b", "-2.50 Mb"),
        (1024, "binary", "B", "1.00 KiB"),
        (1000, "binary", "B", "1000.00 B"),
        (3e15, "si", "", "3.00P"),
    ],
)
def test_numbers_have_units(value: float, system: str | None, unit: str, shown: str) -> None:
    assert with_unit(value, system, unit) == shown
