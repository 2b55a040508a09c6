import pytest

from celeryscope.graphite.errors import TargetError
from support.graphite_gauges import START, Points, drawn, points

GAUGES: dict[str, Points] = {
    "web1.used": [1, 2],
    "web1.total": [10, 8],
    "web2.used": [3, None],
    "web2.total": [4, 5],
}
G = "stats.gauges"
ALL, USED = f"{G}.*.*", f"{G}.*.used"


def values(target: str) -> dict[str, Points]:
    return {one.name: points(one) for one in drawn(target, None, START, **GAUGES)}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (f"groupByNodes({ALL},'sum',2)", {"web1": [11, 10], "web2": [7, 5]}),
        (f"groupByNodes({ALL},'max',3,0)", {"total.stats": [10, 8], "used.stats": [3, 2]}),
        (f"groupByNodes({ALL},'diffSeries',-2)", {"web1": [9, 6], "web2": [1, 5]}),
        (f"groupByNode({ALL},2,'countSeries')", {"web1": [2, 2], "web2": [2, 2]}),
        (f"groupByNode({ALL},'name','avg')", {f"{G}.{n}": v for n, v in sorted(GAUGES.items())}),
        (
            f"groupByTags({USED},'sum','name')",
            {f"{G}.web{n}.used": v for n, v in [(1, [1, 2]), (2, [3, None])]},
        ),
        (f"groupByTags({USED},'sum','host')", {"sum;host=": [4, 2]}),
        (
            f"group({USED},{G}.web1.total)",
            {f"{G}.web1.used": [1, 2], f"{G}.web2.used": [3, None], f"{G}.web1.total": [10, 8]},
        ),
        ("group()", {}),
    ],
)
def test_series_are_grouped(call: str, expected: dict[str, Points]) -> None:
    assert values(call) == expected


def test_a_group_by_tags_has_them() -> None:
    (grouped,) = drawn(f"groupByTags({USED},'sum','host')", None, START, **GAUGES)
    assert (grouped.path, grouped.tags) == ("sum;host=", {"name": "sum", "host": ""})


def test_a_target_is_made_of_each_head() -> None:
    divided = "'divideSeries(%.used,%.total)'"
    assert values(f"applyByNode({USED},2,{divided})") == {
        f"divideSeries({G}.web1.used,{G}.web1.total)": [0.1, 0.25],
        f"divideSeries({G}.web2.used,{G}.web2.total)": [0.75, None],
    }
    named = values(f"applyByNode({USED},2,{divided},'% share')")
    assert list(named) == [f"{G}.web1 share", f"{G}.web2 share"]


def test_what_is_mapped_is_ordered_by_group() -> None:
    names = [f"{G}.web1.total", f"{G}.web2.total", f"{G}.web1.used", f"{G}.web2.used"]
    assert list(values(f"mapSeries({ALL},3)")) == names
    assert list(values(f"map({ALL},2)")) == sorted(names)


def test_what_is_reduced_is_combined_in_the_order_of_its_matchers() -> None:
    percent = f"reduceSeries(mapSeries({ALL},2),'asPercent',3,'used','total')"
    assert values(percent) == {
        f"{G}.web1.reduce.asPercent": [10, 25],
        f"{G}.web2.reduce.asPercent": [75, None],
    }
    assert values(f"reduce({ALL},'diffSeries',3,'used','missing')") == {}
    assert values(f"reduce({ALL},'diffSeries',9,'used','total')") == {}


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (f"groupByNode({ALL},2,'mode')", "groupByNode: callback is 'mode'; allowed is one of aver"),
        (f"groupByNode({ALL},2,'sumSeriesLists')", "sumSeriesLists takes other arguments"),
        (f"reduceSeries({ALL},'alias',3,'used','total')", "reduceSeries: 'alias' makes no series"),
        (
            f"reduceSeries({ALL},'asPercent',3,'used','total','used')",
            "asPercent takes other",
        ),
        (f"applyByNode({ALL},2,'%(')", "target 'stats.gauges.web1(' is wrong at character 17"),
    ],
)
def test_what_makes_no_group_is_refused(target: str, why: str) -> None:
    with pytest.raises(TargetError) as raised:
        values(target)
    assert why in str(raised.value)
