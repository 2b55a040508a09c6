"""Every function against graphite-web itself, over the same arrays."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

import pytest

from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.series import TimeSeries
from support.graphite_oracle import Oracle, graphite_web
from support.graphite_oracle.arguments import PATHS, chain, target
from support.graphite_oracle.arrays import START, STEPS, arrays
from support.graphite_oracle.changes import CHANGES
from support.graphite_oracle.deviations import DEVIATIONS, Case
from support.graphite_oracle.verdict import Judge

ARRAYS = arrays()
ADDED = {"mergedPercentile"}
COMMON = sorted(set(FUNCTIONS) - ADDED)
CASES_OF_EACH, CHAINS = 30, 800
LENGTHS = (60, 300, 1800, 3600)


OF_ITS_TIME = {
    *("moving", "hitcount", "smartSummarize", "integralByInterval", "sin", "sinFunction", "time"),
    *("timeFunction", "timeShift", "timeStack", "identity", "summarize", "compressPeriodicGaps"),
}
OK = 200
OF_OTHER_SERIES = {
    *("aliasQuery", "applyByNode", "reduce", "reduceSeries", "seriesByTag", "useSeriesAbove"),
}


def span_of(random: Random) -> tuple[int, int]:
    start = START + 60 * random.randrange(30)
    return start, start + random.choice(LENGTHS)


def cases_of(name: str) -> list[Case]:
    random = Random(name)
    return [
        Case(target(random, name, FUNCTIONS[name]), *span_of(random), random.choice([None, 0.5]))
        for _ in range(CASES_OF_EACH)
    ]


def is_plain(name: str) -> bool:
    """Tell whether a function neither deviates nor depends on more than its series' values."""
    rules = [one.functions for one in DEVIATIONS if not one.merged and one.status == OK]
    rules += [one.functions for one in CHANGES]
    deviates = any(re.fullmatch(rule, name) for rule in rules)
    return not deviates and name not in OF_ITS_TIME | OF_OTHER_SERIES


PLAIN = [name for name in COMMON if is_plain(name)]


def chains(random: Random, number: int) -> list[Case]:
    return [
        Case(chain(random, random.choices(PLAIN, k=3), FUNCTIONS, PATHS), *span_of(random))
        for _ in range(number)
    ]


def merged_cases(random: Random, root: str, merged: int, number: int) -> list[Case]:
    """Return requests whose answers merge so many adjacent values of series of one step."""
    paths = [path for path in PATHS if path.startswith(root)]
    cases: list[Case] = []
    while len(cases) < number:
        names, points = random.choices(PLAIN, k=random.randrange(1, 3)), random.randrange(2, 20)
        end = START + STEPS[root] * merged * points
        xff = random.choice([None, 0.4, 1])
        case = Case(chain(random, names, FUNCTIONS, paths), START, end, xff, points)
        if not re.search(OTHER_ROOTS[root], case.target):
            cases.append(case)
    return cases


OTHER_ROOTS = {"ten": r"minute|[*]\.", "minute": r"ten[.,]|[*]\."}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with graphite_web() as started:
        started.hold(ARRAYS)
        yield started


def earlier(arrays: Mapping[str, TimeSeries]) -> dict[str, TimeSeries]:
    return {name: replace(one, start=one.start - one.step) for name, one in arrays.items()}


@pytest.fixture(scope="module")
def earlier_oracle() -> Iterator[Oracle]:
    """Hold every series one of its steps earlier."""
    with graphite_web() as started:
        started.hold(earlier(ARRAYS))
        yield started


@pytest.mark.parametrize("name", COMMON)
def test_a_function_answers_as_graphite_web_does(
    oracle: Oracle, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Judge(oracle, ARRAYS, monkeypatch).differences(cases_of(name))


def test_functions_of_functions_answer_as_graphite_webs_do(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Judge(oracle, ARRAYS, monkeypatch).differences(chains(Random(1), CHAINS))


FOUND_BEFORE = [
    "applyByNode(sumSeries(ten.*.used),1,'%.db.*')",
    "aliasByNode(cactiStyle(ten.shape.empty),0,-1)",
    "limit(percentileOfSeries(ten.shape.*,100,true),1)",
    'aliasByNode(groupByNodes(invert(ten.*.used),"diff"),"host")',
    'offsetToZero(aggregateWithWildcards(minute.shape.*,"count",2))',
    "averageSeries(xFilesFactor(minSeries(*.shape.gaps),1),minSeries(*.shape.gaps))",
    "minSeries(aggregateSeriesLists(ten.*.total,minute.*.total,'last',1))",
    "multiplySeries(ten.nothing.here,sumSeries(ten.shape.*))",
    "stddevSeries(xFilesFactor(ten.shape.{gaps,steps},1))",
    "sumSeriesWithWildcards(cumulative({ten,minute}.shape.*),0)",
]
"""What long runs have shown to be different, on purpose or by mistake."""


@pytest.mark.parametrize("target", FOUND_BEFORE)
def test_what_was_different_once_is_told_apart(
    oracle: Oracle, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(target, START, START + 600)
    assert not Judge(oracle, ARRAYS, monkeypatch).differences([case])


@pytest.mark.parametrize("root", STEPS)
@pytest.mark.parametrize("merged", range(2, 9))
def test_adjacent_values_merge_as_graphite_webs_do(
    earlier_oracle: Oracle, merged: int, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compare where graphite-web loses nothing at the head: a step before where it merges to."""
    judge = Judge(earlier_oracle, ARRAYS, monkeypatch, STEPS[root])
    cases = merged_cases(Random(merged), root, merged, CASES_OF_EACH)
    assert not judge.differences(cases)
