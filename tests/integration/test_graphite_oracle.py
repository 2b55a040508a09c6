"""Every function against graphite-web itself, over the same arrays."""

from collections.abc import Iterator
from random import Random

import httpx
import pytest

from celeryscope.graphite import evaluate
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore
from support.graphite_oracle import Oracle, graphite_web
from support.graphite_oracle.arguments import target
from support.graphite_oracle.arrays import START, arrays
from support.graphite_oracle.changes import undone
from support.graphite_oracle.comparison import Line, difference, of_ours, of_theirs
from support.graphite_oracle.deviations import ALL, Case, deviation
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


def wrong(oracle: Oracle, case: Case, monkeypatch: pytest.MonkeyPatch) -> str:
    """Say how the answers differ but for what no deviation covers; nothing if they do not."""
    answer = oracle.get("/render", case.query)
    try:
        lines, refusal = ours(case, monkeypatch), ""
    except RequestError as error:
        lines, refusal = [], str(error)
    rule = deviation(case, answer.status, refused=bool(refusal))
    if (answer.status == httpx.codes.OK) is not bool(refusal):
        aspects = rule.same if rule else ALL
        return "" if refusal else difference(lines, undone(case, lines, of_theirs(answer)), aspects)
    return "" if rule else f"graphite-web answers {answer.status}, ours is {refusal or lines}"


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"mergedPercentile"}))
def test_a_function_answers_as_graphite_web_does(
    oracle: Oracle, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {case: why for case in cases(name) if (why := wrong(oracle, case, monkeypatch))}
    shown = "\n".join(f"{case}: {why[:600]}" for case, why in list(found.items())[:4])
    assert not found, f"{len(found)} of {CASES_OF_EACH}:\n{shown}"
