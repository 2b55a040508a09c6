import pytest

from support.graphite_gauges import START, Points, drawn, points

GAUGES: dict[str, Points] = {
    "empty": [None, None, None, None],
    "flat": [2, 2, 2, 2],
    "gaps": [None, 8, None, 1],
    "low": [-4, -3, -2, -1],
    "rising": [0, 2, 4, 6],
}
G, ALL = "stats.gauges", "stats.gauges.*"


def chosen(target: str) -> str:
    """Return the initials of the series that are left, in order."""
    names = [one.name for one in drawn(target, None, START, **GAUGES)]
    return "".join(name.removeprefix(f"{G}.")[0] for name in names)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("averageAbove(*,2)", "gr"),
        ("averageBelow(*,2)", "efl"),
        ("currentAbove(*,1)", "fr"),
        ("currentBelow(*,1)", "egl"),
        ("maximumAbove(*,2)", "gr"),
        ("maximumBelow(*,2)", "efl"),
        ("minimumAbove(*,0)", "fg"),
        ("minimumBelow(*,0)", "elr"),
        ("filterSeries(*,'median','=',2)", "f"),
        ("filterSeries(*,'count','!=',4)", "eg"),
        ("filterSeries(*,'sum','>=',9)", "gr"),
        ("filterSeries(*,'count','<',1)", "e"),
        ("averageOutsidePercentile(*,75)", "efgl"),
        ("averageOutsidePercentile(*,25)", "efgl"),
        ("removeBetweenPercentile(*,80)", "fglr"),
        ("mostDeviant(*,2)", "gr"),
        ("removeEmptySeries(*)", "fglr"),
        ("removeEmptySeries(*,0.6)", "flr"),
        ("grep(*,'[pl]')", "efgl"),
        ("exclude(*,'[tp]$')", "eglr"),
        ("unique(*,stats.gauges.low)", "efglr"),
        ("useSeriesAbove(*,5,'gaps|rising','low')", "ll"),
    ],
)
def test_series_are_picked_by_their_values_or_names(call: str, expected: str) -> None:
    assert chosen(call.replace("*", ALL, 1)) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("highest(*,2)", "gr"),
        ("highest(*,2,'min')", "fg"),
        ("highestAverage(*,1)", "g"),
        ("highestMax(*,9)", "grfle"),
        ("highestCurrent(*,2)", "rf"),
        ("lowest(*,2)", "el"),
        ("lowest(*,2,'max')", "el"),
        ("lowestAverage(*,3)", "elf"),
        ("lowestCurrent(*,3)", "elg"),
        ("limit(*,2)", "ef"),
        ("sortBy(*)", "elfrg"),
        ("sortBy(*,'last',true)", "rfgle"),
        ("sortByMaxima(*)", "grfle"),
        ("sortByMinima(*)", "rgf"),
        ("sortByTotal(*)", "rgfle"),
        ("sortByName(*,false,true)", "rlgfe"),
    ],
)
def test_series_are_ordered(call: str, expected: str) -> None:
    assert chosen(call.replace("*", ALL, 1)) == expected


def test_numbers_in_names_are_ordered_by_value_if_asked() -> None:
    gauges: dict[str, Points] = {f"disk{n}": [1] for n in (1, 2, 10)}
    targets = [f"sortByName({ALL})", f"sortByName({ALL},true)"]
    found = [
        [one.name[len(G) + 1 :] for one in drawn(target, None, START, **gauges)]
        for target in targets
    ]
    assert found == [["disk1", "disk10", "disk2"], ["disk1", "disk2", "disk10"]]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("removeAboveValue(*,2)", [0, 2, None, None]),
        ("removeBelowValue(*,2)", [None, 2, 4, 6]),
        ("removeAbovePercentile(*,50)", [0, 2, 4, None]),
        ("removeBelowPercentile(*,50)", [None, None, 4, 6]),
        ("removeBelowPercentile(*,0)", [0, 2, 4, 6]),
    ],
)
def test_values_are_removed(call: str, expected: Points) -> None:
    (series,) = drawn(call.replace("*", f"{G}.rising"), None, START, **GAUGES)
    assert points(series) == expected
    assert series.name == call.replace("*", f"{G}.rising").replace(",", ", ")
