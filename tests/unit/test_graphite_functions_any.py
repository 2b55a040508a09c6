"""Whatever a function is given, it answers or says what is wrong, and is charged for it."""

from contextlib import suppress
from datetime import UTC
from random import Random

import pytest

from celeryscope.graphite import evaluate
from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.formats import FORMATS, Options
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore
from support.graphite_oracle.arguments import BY_FUNCTION, BY_TYPE, PATHS
from support.graphite_oracle.arrays import START, arrays
from support.graphite_oracle.ours import ArrayFetcher

ARRAYS = arrays()
EXTREMES = [
    *("0", "-1", "1e300", "-1e300", "inf", "-inf", "none", "true", "'0'", "''", "'-1'", "1e-9"),
    *("'%s'", "'%d%%'", "'('", "'*'", "'\\1'", "'nothing'", "999999999", "-999999999", "'-1y'"),
    *("ten.nothing", "constantLine(inf)", "scale(ten.shape.*,1e308)", "scale(ten.shape.*,-inf)"),
    *("summarize(ten.shape.gaps,'7min')", "timeShift(ten.shape.gaps,'1d')", "'1s'", "'100y'"),
]
TEXTS = [
    *EXTREMES,
    *PATHS,
    *(text for texts in BY_TYPE.values() for text in texts),
    *(text for given in BY_FUNCTION.values() for texts in given.values() for text in texts),
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_arguments_are_answered_and_charged_or_explained(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "Fetcher", lambda *given: ArrayFetcher(ARRAYS, given[-1]))
    random = Random(name)
    for _ in range(100):
        arguments = random.choices(TEXTS, k=random.randrange(5))
        if arguments and random.random() < 0.9:
            arguments[0] = random.choice([*PATHS, *EXTREMES[-7:]])
        end = START + random.choice([10, 60, 600])
        span = Span(START, end, random.choice([None, 1, 7]), now=end)
        target = f"{name}({','.join(arguments)})"
        budget = Budget()
        with suppress(RequestError):
            found = evaluate.render(FakeStore(), (), [target], span, budget=budget)
            assert sum(one.values.size for one in found) <= budget.values, target
            assert FORMATS["json"].encode(found, Options(no_nulls=False, zone=UTC)), target
