import pytest

from celeryscope.graphite.errors import TargetError
from support.graphite_gauges import START, Points, drawn, only, points

GAUGES: dict[str, Points] = {
    "web1.used": [1, 2, None, 4],
    "web1.total": [10, 0, 10, 8],
    "web2.used": [3, None, None, 2],
    "web2.total": [4, 5, None, 4],
}
G = "stats.gauges"
USED, TOTAL, ONE = f"{G}.*.used", f"{G}.*.total", f"{G}.web1.used"


def values(target: str) -> dict[str, Points]:
    return {one.name: points(one) for one in drawn(target, None, START, **GAUGES)}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (f"aggregate({USED},'median')", [2, 2, None, 3]),
        (f"aggregate({USED},'sum',1)", [4, None, None, 6]),
        (f"aggregate({USED},'sumSeries',0.5)", [4, 2, None, 6]),
        (f"rangeOfSeries({USED})", [2, 0, None, 2]),
        (f"stddevSeries({USED})", [1, 0, None, 1]),
        (f"diffSeries({TOTAL},{ONE})", [5, -7, 10, 0]),
        (f"multiplySeries({USED})", [3, None, None, 8]),
        (f"multiplySeries({ONE})", GAUGES["web1.used"]),
        (f"countSeries({USED})", [2, 2, 2, 2]),
        (f"percentileOfSeries({USED},50)", [3, 2, None, 4]),
        (f"percentileOfSeries({USED},50,true)", [2, 2, None, 3]),
        (f"percentileOfSeries({USED},100,true)", [3, 2, None, 4]),
        (f"powSeries({ONE},{G}.web2.used)", [1, None, None, 16]),
        (f"weightedAverage({USED},{TOTAL},1,2)", [22 / 14, 0, None, 40 / 12]),
        (f"weightedAverage({USED},{TOTAL},9)", [12 / 14, None, None, 8 / 12]),
    ],
)
def test_many_series_become_one(call: str, expected: Points) -> None:
    ((_, found),) = values(call).items()
    assert found == pytest.approx(expected, abs=1e-4)


def test_nothing_to_combine_gives_nothing() -> None:
    nothing = f"{G}.nothing"
    calls = ["aggregate({},'sum')", "powSeries({})", "countSeries({})", "percentileOfSeries({},5)"]
    assert [values(call.format(nothing)) for call in calls] == [{}] * 4
    assert values(f"weightedAverage({USED},{TOTAL},3)") == {}


def test_no_list_at_all_counts_as_a_line_of_zeros() -> None:
    assert values("countSeries()") == {"0": [0, 0, 0, 0]}


@pytest.mark.parametrize("name", ["sum", "average", "multiply"])
def test_names_without_some_nodes_say_what_is_combined(name: str) -> None:
    expected = {"sum": [4, 2, None, 6], "average": [2, 2, None, 3], "multiply": [3, None, None, 8]}
    kept = f"{G}.used"
    assert values(f"{name}SeriesWithWildcards({USED},2)") == {kept: expected[name]}
    assert values(f"aggregateWithWildcards({USED},'{name}',2)") == {kept: expected[name]}


@pytest.mark.parametrize(
    ("name", "extra", "second"),
    [
        ("sumSeriesLists", "", [7, 5, None, 6]),
        ("diffSeriesLists", "", [1, 5, None, 2]),
        ("multiplySeriesLists", "", [12, None, None, 8]),
        ("aggregateSeriesLists", ",'max',1", [4, None, None, 4]),
    ],
)
def test_lists_are_combined_pair_by_pair(name: str, extra: str, second: Points) -> None:
    found = values(f"{name}({TOTAL},{USED}{extra})")
    spelled = name.removesuffix("Lists") if not extra else "maxSeries"
    assert list(found) == [
        f"{spelled}({G}.web1.total,{G}.web1.used)",
        f"{spelled}({G}.web2.total,{G}.web2.used)",
    ]
    assert list(found.values())[1] == second


def test_lists_are_divided_pair_by_pair() -> None:
    found = values(f"divideSeriesLists({USED},{TOTAL})")
    assert found[f"divideSeries({G}.web1.used,{G}.web1.total)"] == [0.1, None, None, 0.5]


def test_percentages_are_of_the_total_that_shares_nodes() -> None:
    assert values(f"asPercent({USED},{TOTAL},1,2)") == {
        f"asPercent({G}.web1.used,{G}.web1.total)": [10, None, None, 50],
        f"asPercent({G}.web2.used,{G}.web2.total)": [75, None, None, 50],
    }
    grouped = values(f"asPercent({G}.*.*,none,2)")
    assert list(grouped)[1] == f"asPercent({G}.web1.used,sumSeries({G}.*.*))"


def test_groups_without_a_total_and_totals_without_a_group_are_null() -> None:
    assert values(f"asPercent({ONE},{G}.web2.total,1,2)") == {
        f"asPercent({ONE},MISSING)": [None] * 4,
        f"asPercent(MISSING,{G}.web2.total)": [None] * 4,
    }


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (f"percentileOfSeries({USED},0)", "percentileOfSeries: n is 0; allowed is more than 0"),
        (f"weightedAverage({USED},{ONE})", "gives 2 series and seriesListWeight 1; allowed is as"),
        (f"sumSeriesLists({USED},{ONE})", "sumSeriesLists: the lists have 2 and 1 series; allowed"),
        (f"asPercent({USED},100,1)", "asPercent: total is a number; allowed with nodes are series"),
        (f"aggregate({USED},'mode')", "aggregate: func is 'mode'; allowed is one of average,"),
    ],
)
def test_what_cannot_be_combined_is_refused(target: str, why: str) -> None:
    with pytest.raises(TargetError, match="is wrong at character") as raised:
        values(target)
    assert why in str(raised.value)


def test_combined_counts_stay_counts() -> None:
    total = only(f"sumSeries(consolidateBy({USED},'sum'))", None, START, **GAUGES)
    mixed = only(f"sumSeries(consolidateBy({USED},'sum'),{TOTAL})", None, START, **GAUGES)
    assert (total.method, mixed.method) == ("sum", "average")
