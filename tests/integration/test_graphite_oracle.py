"""Every function against graphite-web itself, over the same arrays."""

from collections.abc import Iterator
from random import Random

import pytest

from celeryscope.graphite import evaluate
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore
from support.graphite_oracle import Oracle, graphite_web
from support.graphite_oracle.arguments import target
from support.graphite_oracle.arrays import START, arrays
from support.graphite_oracle.comparison import Line, difference, of_ours, of_theirs
from support.graphite_oracle.deviations import Case, excused
from support.graphite_oracle.ours import ArrayFetcher

CASES_OF_EACH = 24
LENGTHS = (60, 300, 1800, 3600)
ARRAYS = arrays()


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with graphite_web() as started:
        started.hold(ARRAYS)
        yield started


def cases(name: str) -> Iterator[Case]:
    random = Random(name)
    for _ in range(CASES_OF_EACH):
        start = START + 60 * random.randrange(30)
        xff = random.choice([None, None, 0.5])
        text = target(random, name, FUNCTIONS[name])
        yield Case(text, start, start + random.choice(LENGTHS), xff)


def ours(case: Case, monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    monkeypatch.setattr(evaluate, "Fetcher", lambda *_: ArrayFetcher(ARRAYS))
    span = Span(case.start, case.end, now=case.end, xff=case.xff or 0.0)
    return [of_ours(one) for one in evaluate.render(FakeStore(), (), [case.target], span)]


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"mergedPercentile"}))
def test_a_function_answers_as_graphite_web_does(
    oracle: Oracle, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    for case in cases(name):
        answer = oracle.get("/render", [*case.query, ("now", str(case.end))])
        try:
            lines = ours(case, monkeypatch)
            found = difference(lines, of_theirs(answer)) if answer.status == 200 else "it failed"
        except RequestError as error:
            found = f"we refuse ({error})" if answer.status == 200 else ""
        if found and not excused(case):
            wrong.append(f"{case}: {answer.status}\n {found}")
    assert not wrong, f"{len(wrong)} of {CASES_OF_EACH}:\n" + "\n".join(wrong[:4])
