import pytest

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore
from support.graphite_gauges import START, Points, drawn, only, points

X, Y = "stats.gauges.x", "stats.gauges.y"
VALUES: Points = [1, None, 3]


@pytest.mark.parametrize(
    ("call", "name", "options", "tags"),
    [
        ("alpha({},0.5)", "{}", {"alpha": 0.5}, {}),
        ("color({},'#ff0000')", "{}", {"color": "#ff0000"}, {}),
        ("lineWidth({},2)", "{}", {"lineWidth": 2}, {}),
        ("dashed({})", "dashed({}, 5)", {"dashed": 5}, {"dashed": "5"}),
        ("dashed({},3)", "dashed({}, 3)", {"dashed": 3}, {"dashed": "3"}),
        (
            "drawAsInfinite({})",
            "drawAsInfinite({})",
            {"drawAsInfinite": True},
            {"drawAsInfinite": "1"},
        ),
        ("secondYAxis({})", "secondYAxis({})", {"secondYAxis": True}, {"secondYAxis": "1"}),
    ],
)
def test_how_a_series_is_drawn_goes_with_it(
    call: str, name: str, options: dict[str, object], tags: dict[str, str]
) -> None:
    series = only(call.format(X), x=VALUES)
    assert (series.name, series.path, points(series)) == (name.format(X), X, VALUES)
    assert (series.options, series.tags) == (options, {"name": X} | tags)


def test_options_add_up_and_stay_through_other_functions() -> None:
    series = only(f"{X}|color('red')|scale(2)|alpha(0.2)|alias('it')", x=VALUES)
    assert series.options == {"color": "red", "alpha": 0.2}


def test_series_are_stacked_on_those_before_them() -> None:
    lower, upper = drawn("stacked(stats.gauges.*)", x=VALUES, y=[10, 20])
    assert [lower.name, upper.name] == [f"stacked({X})", f"stacked({Y})"]
    assert [points(lower), points(upper)] == [[1, None, 4 - 1], [11, 20, None]]
    assert lower.options == {"stacked": True}
    assert lower.tags["stacked"] == "__DEFAULT__"


def test_targets_of_one_request_share_a_stack_by_name() -> None:
    store = FakeStore()
    targets = [
        "stacked(constantLine(1))",
        "stacked(constantLine(2))",
        "stacked(constantLine(5),'other')",
        "stacked(constantLine(6),'other')",
    ]
    series = render(store, (), targets, Span(START, START + 10))
    assert [points(one) for one in series] == [[1], [3], [5], [11]]
    assert [one.name for one in series] == ["stacked(1.0)", "stacked(2.0)", "5.0", "6.0"]


def test_an_area_lies_between_two_series() -> None:
    lower, upper = drawn("areaBetween(stats.gauges.*)", x=VALUES, y=VALUES)
    assert [lower.name, upper.name] == ["areaBetween(stats.gauges.*)"] * 2
    assert lower.options == {"stacked": True, "invisible": True}
    assert upper.options == {"stacked": True}
    assert lower.tags == upper.tags == {"name": Y, "areaBetween": "1"}
    with pytest.raises(TargetError, match="areaBetween: seriesList gives 1 series; allowed are"):
        drawn(f"areaBetween({X})", x=VALUES)
