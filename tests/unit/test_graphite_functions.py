import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.graphite.errors import RequestError, TargetError
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from celeryscope.sketch import Distribution
from support.fake_store import FakeStore

START = 1_700_000_040  # on a full minute
SPAN = Span(START, START + 60, 100)
Points = list[float | None]

# Each list holds one gauge's values in six adjacent intervals of ten seconds.
GAUGES: dict[str, Points] = {
    "a.x.b": [1, 2, None, 4, None, 6],
    "a.y.b": [None, 5, None, 1, 2, 0],
    "a.z.b": [None, None, None, None, None, None],
    "c.x.d": [2, 0, 1, None, 4, 5],
}
NULLS: Points = [None] * 6
A, X, Y, Z = (f"stats.gauges.a.{node}.b" for node in "*xyz")
C = "stats.gauges.c.x.d"
ODD_YEARS = ("97y", "101y", "103y", "107y")


def store() -> FakeStore:
    filled = FakeStore()
    filled.write(Flush(START - 100, 10, gauges=dict.fromkeys(GAUGES, 9.0)))
    for place in range(6):
        values = {name: v for name, points in GAUGES.items() if (v := points[place]) is not None}
        filled.write(Flush(START + 10 * place, 10, gauges=values))
    return filled


def drawn(target: str, span: Span = SPAN) -> list[TimeSeries]:
    return render(store(), (50.0,), [target], span)


def points(series: TimeSeries) -> Points:
    return [None if np.isnan(v) else round(v, 4) for v in series.values.tolist()]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (X, {X: GAUGES["a.x.b"]}),
        ("stats.gauges.nothing.here", {}),
        (f"sumSeries({A})", {f"sumSeries({A})": [1, 7, None, 5, 2, 6]}),
        (f"sum({A},{C})", {f"sumSeries({A},{C})": [3, 7, 1, 5, 6, 11]}),
        (f"averageSeries({A})", {f"averageSeries({A})": [1, 3.5, None, 2.5, 2, 3]}),
        (f"avg({X},{X})", {f"averageSeries({X})": GAUGES["a.x.b"]}),
        (f"minSeries({A})", {f"minSeries({A})": [1, 2, None, 1, 2, 0]}),
        (f"maxSeries({A})", {f"maxSeries({A})": [1, 5, None, 4, 2, 6]}),
        ("sumSeries(stats.gauges.nothing)", {}),
        (f'alias({X},"it")', {"it": GAUGES["a.x.b"]}),
        (f"aliasByNode({X},3,2)", {"x.a": GAUGES["a.x.b"]}),
        (f"aliasByNode({X},-1,9)", {"b.": GAUGES["a.x.b"]}),
        (f"aliasByNode(scale({X},2),3)", {"x": [2, 4, None, 8, None, 12]}),
        (f"aliasByNode(sumSeries({A}),3)", {"*": [1, 7, None, 5, 2, 6]}),
        (f'aliasSub({X},"^.*a\\.(.)\\.b$","<\\1>")', {"<x>": GAUGES["a.x.b"]}),
        (f'aliasSub({X}, "(^.*$)", "\\1 A")', {f"{X} A": GAUGES["a.x.b"]}),
        (f'groupByNode({A},2,"sum")', {"a": [1, 7, None, 5, 2, 6]}),
        (f'groupByNode({A},4,"maxSeries")', {"b": [1, 5, None, 4, 2, 6]}),
        (
            f"groupByNode({A},3)",
            {"x": GAUGES["a.x.b"], "y": GAUGES["a.y.b"], "z": NULLS},
        ),
        (f'groupByNode({A},2,"count")', {"a": [1, 2, None, 2, 1, 2]}),
        (f"scale({X},2.5)", {f"scale({X},2.5)": [2.5, 5, None, 10, None, 15]}),
        (f"scale({X},1000000)", {f"scale({X},1e+06)": [1e6, 2e6, None, 4e6, None, 6e6]}),
        (f"{X}|scale(-1)", {f"scale({X},-1)": [-1, -2, None, -4, None, -6]}),
        (
            f"asPercent({A})",
            {
                f"asPercent({X},sumSeries({A}))": [100, 28.5714, None, 80, None, 100],
                f"asPercent({Y},sumSeries({A}))": [None, 71.4286, None, 20, 100, 0],
                f"asPercent({Z},sumSeries({A}))": NULLS,
            },
        ),
        (f"asPercent({X},8)", {f"asPercent({X},8)": [12.5, 25, None, 50, None, 75]}),
        (f"asPercent({X},0)", {f"asPercent({X},0)": NULLS}),
        (f"asPercent({X},{C})", {f"asPercent({X},{C})": [50, None, None, None, None, 120]}),
        (
            f"asPercent({X},none)",
            {f"asPercent({X},sumSeries({X}))": [100, 100, None, 100, None, 100]},
        ),
        (f"asPercent({X},stats.no)", {f"asPercent({X},MISSING)": NULLS}),
        (
            f"asPercent({A},{A})",
            {
                f"asPercent({X},{X})": [100, 100, None, 100, None, 100],
                f"asPercent({Y},{Y})": [None, 100, None, 100, 100, None],
                f"asPercent({Z},{Z})": NULLS,
            },
        ),
        ("asPercent(stats.no)", {}),
        (f"divideSeries({X},{C})", {f"divideSeries({X},{C})": [0.5, None, None, None, None, 1.2]}),
        (f"divideSeries({X},stats.no)", {f"divideSeries({X},MISSING)": NULLS}),
        (f"highestMax({A},2)", {X: GAUGES["a.x.b"], Y: GAUGES["a.y.b"]}),
        (f"highestCurrent({A},1)", {X: GAUGES["a.x.b"]}),
        (f"sortByMaxima({A})", {X: GAUGES["a.x.b"], Y: GAUGES["a.y.b"], Z: NULLS}),
        (f"limit(sortByMaxima({A}),n=1)", {X: GAUGES["a.x.b"]}),
        ("constantLine(1.5)", {"1.5": [1.5] * 6}),
        (
            f"divideSeries({X},constantLine(2))",
            {f"divideSeries({X},2.0)": [0.5, 1, None, 2, None, 3]},
        ),
    ],
)
def test_a_target_gives_these_series(target: str, expected: dict[str, Points]) -> None:
    assert {one.name: points(one) for one in drawn(target)} == expected


def test_order_is_by_value_or_else_by_name() -> None:
    assert [one.name for one in drawn(f"sortByMaxima({A})")] == [X, Y, Z]
    assert [one.name for one in drawn("highestCurrent(stats.gauges.*.*.*,9)")] == [X, C, Y, Z]
    assert [one.name for one in drawn("stats.gauges.{c,a}.*.*")] == [X, Y, Z, C]


@pytest.mark.parametrize(
    ("arguments", "start", "expected"),
    [
        ('"30s"', START, [3, 10]),
        ('"30s","sum",true', START, [3, 10]),
        ('"30s","avg",true', START, [1.5, 5]),
        ('"40s","max",alignToFrom=true', START, [4, 6]),
        ('"25s","last"', START - 15, [1, 4, 6]),
        ('"5s","sum",true', START, [1, None, 2, None, None, None, 4, None, None, None, 6, None]),
        ('"1h"', START - START % 3600, [13]),
        ('"200y"', 0, [13]),
    ],
)
def test_summarize_aggregates_by_interval(arguments: str, start: int, expected: Points) -> None:
    (series,) = drawn(f"summarize({X},{arguments})")
    assert (series.start, points(series)) == (start, expected)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ('"1h"', f'summarize({X}, "1h", "sum")'),
        ("'1hour','avg'", f'summarize({X}, "1hour", "avg")'),
        ('"1d","max",true', f'summarize({X}, "1d", "max", true)'),
    ],
)
def test_summarize_is_named_as_graphite_names_it(arguments: str, name: str) -> None:
    assert [one.name for one in drawn(f"summarize({X},{arguments})")] == [name]


def test_summarize_sees_single_steps_however_few_points_are_drawn() -> None:
    coarse = Span(START, START + 60, 2)
    (series,) = drawn(f'summarize({X},"20s","max",true)', coarse)
    assert points(series) == [4, 6]
    (whole,) = drawn(f'summarize({X},"10s","max",true)', Span(START, START + 60, 1))
    assert (whole.step, points(whole)) == (60, [6])


def test_what_is_summarized_can_be_combined_with_what_is_not() -> None:
    (series,) = drawn(f'divideSeries(summarize({X},"60s","max",true),{C})')
    assert (series.start, series.step, points(series)) == (START, 60, [2.5])


def test_intervals_of_years_take_no_room_for_the_steps_they_could_hold() -> None:
    (series,) = drawn(f"sumSeries({X},summarize({X},'7y'),summarize({X},'200y'))")
    assert (series.start, points(series)) == (0, [29.25])


def test_consolidate_by_overrides_the_kind() -> None:
    span = Span(START, START + 60, 2)
    (averaged,), (highest,) = drawn(X, span), drawn(f"consolidateBy({X},'max')", span)
    assert points(averaged) == [1.5, 5]
    assert (highest.name, points(highest)) == (f'consolidateBy({X},"max")', [2, 6])


def test_combined_series_keep_the_tags_they_share() -> None:
    (total,) = drawn(f"sumSeries({A})")
    assert total.tags == {"name": f"sumSeries({A})", "aggregatedBy": "sum"}
    (same,) = drawn(f"averageSeries({X})")
    assert same.tags == {"name": X, "aggregatedBy": "average"}


def test_a_merged_percentile_is_that_of_all_runs_together() -> None:
    filled = FakeStore()
    runs = {"a.t": np.full(90, 10.0), "b.t": np.arange(1000.0, 1010.0)}
    timers = {name: Distribution.of(values) for name, values in runs.items()}
    filled.write(Flush(START, 10, timers=timers))
    target = "mergedPercentile(stats.timers.*.t,95)"
    (series,) = render(filled, (), [target], Span(START, START + 10, 1))
    assert series.name == target
    assert series.values[0] == pytest.approx(1004, rel=0.01)
    assert render(filled, (), ["mergedPercentile(stats.timers.no.t,95)"], SPAN) == []


@pytest.mark.parametrize(
    ("target", "at", "why"),
    [
        (
            "sumSerie(a)",
            0,
            "there is no function sumSerie; did you mean sumSeries or sumSer",
        ),
        ("alias(qqqq(a),'x')", 6, "there is no function qqqq"),
        ("sumSeries()", 0, "sumSeries needs seriesLists: a path or a function"),
        ("alias(a)", 0, "alias needs newName: text in quotes"),
        ("alias(a,b)", 8, "alias: newName is b; allowed is text in quotes"),
        ("alias(a,5)", 8, "alias: newName is 5; allowed is text in quotes"),
        ("scale(a,'x')", 8, "scale: factor is 'x'; allowed is a number"),
        ("scale(a,true)", 8, "scale: factor is true; allowed is a number"),
        ("scale(5,5)", 6, "scale: seriesList is 5; allowed is a path or a function"),
        ("limit(a,1.5)", 8, "limit: n is 1.5; allowed is a whole number"),
        ("limit(a,inf)", 8, "limit: n is inf; allowed is a whole number"),
        ("limit(a,1,2)", 10, "limit takes 2 arguments at most"),
        ("limit(a,m=1)", 10, "limit has no open keyword m; allowed here: n"),
        ("limit(a,1,n=1)", 12, "limit has no open keyword n; allowed here: none"),
        (
            "aliasByNode(a,1.5)",
            14,
            "aliasByNode: nodes is 1.5; allowed is a node's place in",
        ),
        (
            "applyByNode(a,'x','%')",
            14,
            "applyByNode: nodeNum is 'x'; allowed is a whole number",
        ),
        ("summarize(a,'1x')", 12, "summarize: intervalString is '1x'; allowed is a number with a"),
        (
            "summarize(a,'1h','x')",
            17,
            "summarize: func is 'x'; allowed is one of average, avg_zero",
        ),
        ("summarize(a,'1h','sum',2)", 23, "summarize: alignToFrom is 2; allowed is true or false"),
        ("consolidateBy(a,'x')", 16, "consolidateBy: consolidationFunc is 'x'; allowed is one of"),
        ("asPercent(a,'x')", 12, "asPercent: total is 'x'; allowed is a path, a function, a"),
        (f"asPercent({A},stats.gauges.*.x.*)", 0, "asPercent: total gives 2 series for 3; allowed"),
        (f"divideSeries({X},{A})", 0, "divideSeries: divisorSeries gives 3 series; allowed is ex"),
        (f"aliasSub({X},'(','')", 0, "aliasSub: search '(' with replace '' is wrong (missing )"),
        (f"aliasSub({X},'a','\\9')", 0, "aliasSub: search 'a' with replace '\\\\9' is wrong (inv"),
        (f"aliasSub({X},'','{'x' * 400}')", 0, "aliasSub: a name would grow longer than 4000 char"),
        (f"alias({X},'{'x' * 4001}')", 0, "alias: a name would grow longer than 4000 characters"),
        (
            f"sumSeries({','.join(f'summarize({X},{years!r})' for years in ODD_YEARS)})",
            0,
            "the series have intervals that do not fit together",
        ),
        (
            "mergedPercentile(5,95)",
            17,
            "mergedPercentile: timers is 5; allowed is a path of timers",
        ),
        (
            "mergedPercentile(a,0)",
            0,
            "mergedPercentile: percent is 0; allowed is more than 0, at m",
        ),
    ],
)
def test_a_wrong_argument_names_function_parameter_and_what_is_allowed(
    target: str, at: int, why: str
) -> None:
    with pytest.raises(TargetError) as raised:
        drawn(target)
    assert f"is wrong at character {at}: {why}" in str(raised.value)


@pytest.mark.parametrize(
    "target", [f"summarize({A},'1s')", "constantLine(1)", f"sumSeries({','.join([A] * 20)})"]
)
def test_a_request_for_too_many_values_is_refused(target: str) -> None:
    with pytest.raises(RequestError, match="needs more than 10,000,000 values"):
        drawn(target, Span(0, 250_000_000))


def test_every_function_says_what_it_does_and_takes() -> None:
    for name, declared in FUNCTIONS.items():
        shown = declared.describe(name)
        assert str(shown["description"]).endswith((".", "had."))
        assert str(shown["function"]).startswith(f"{name}(")
        assert shown["group"]
        assert [parameter.name for parameter in declared.parameters]
