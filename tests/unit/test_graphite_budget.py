import numpy as np
import pytest

from celeryscope.graphite.budget import IN_PYTHON, Budget, LimitError, Limits
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.span import Span
from support.fake_store import FakeStore

START = 1_700_000_400


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_held_is_charged_and_what_is_beyond_is_refused_with_advice() -> None:
    budget = Budget(Limits(values=1000))
    budget.charge(1000)
    with pytest.raises(LimitError) as raised:
        budget.charge(1)
    assert str(raised.value) == (
        "the request needs more than 1,000 values, which is max_query_values; "
        "narrow its paths or its range, or ask for fewer values with maxDataPoints"
    )


def test_a_hundred_steps_of_calculation_go_with_each_value() -> None:
    budget = Budget(Limits(values=1000))
    budget.work(100_000)
    with pytest.raises(LimitError, match="100,000 steps of calculation, 100 times max_query_value"):
        budget.work(1)


def test_work_in_python_is_charged_a_part_at_a_time() -> None:
    budget = Budget(Limits(values=2500))
    parts = budget.parts(range(10_000))
    assert [*next(parts), *next(parts)] == list(range(2000))
    assert budget.steps == 2000 * IN_PYTHON
    with pytest.raises(LimitError):
        next(parts)


def test_time_runs_out_whatever_is_done() -> None:
    clock = Clock()
    budget = Budget(Limits(seconds=2.5), clock)
    clock.now = 2.4
    budget.check()
    clock.now = 2.5
    for spend in (budget.check, lambda: budget.charge(0), lambda: budget.work(0)):
        with pytest.raises(LimitError, match=r"longer than 2.5 s, which is max_query_time; narrow"):
            spend()
    assert budget.seconds_left == 0


def test_the_first_reason_to_stop_counts() -> None:
    budget = Budget()
    budget.stop(KeyError("first"))
    budget.stop(KeyError("second"))
    with pytest.raises(KeyError, match="first"):
        budget.check()


def made(target: str, limits: Limits) -> int:
    """Return how many values a target makes of a line of a thousand."""
    found = render(FakeStore(), (), [target], Span(START, START + 10_000), budget=Budget(limits))
    return sum(one.values.size for one in found)


def test_no_function_makes_more_values_than_it_is_charged_for() -> None:
    line = "constantLine(1)"
    assert made(line, Limits()) == 1000
    doubled = [name for name in FUNCTIONS if name.startswith("holtWintersConfidence")]
    assert doubled
    for name in doubled:
        target = f"{name}({line},3,'1h','1h')"
        assert made(target, Limits(values=10_000)) == 2000
        for _ in range(5):
            target = f"{name}({target},3,'1h','1h')"
        with pytest.raises(LimitError):
            made(target, Limits(values=10_000))


def test_functions_over_many_series_are_work_even_without_values() -> None:
    lines = ",".join(["group()"] * 10 + ["constantLine(1)"] * 10)
    nested = f"group({lines})"
    budget = Budget()
    render(FakeStore(), (), [nested], Span(START, START + 10), budget=budget)
    assert budget.values == 10
    assert budget.steps >= 20 * IN_PYTHON


@pytest.mark.parametrize(
    "target",
    [
        "timeStack(timeStack(constantLine(1),'1s',0,900),'1s',0,900)",
        "sinFunction('x',1,1)|holtWintersForecast('1d','1h')|round(1)|movingWindow(9999,'stddev')",
        "group(timeStack(randomWalk('x'),'1s',0,900))|summarize('1s')",
    ],
)
def test_targets_that_grow_are_refused(target: str) -> None:
    span = Span(START, START + 40_000)
    with pytest.raises(LimitError):
        render(FakeStore(), (), [target], span, budget=Budget(Limits(values=500_000)))


def test_a_request_within_its_limits_gets_what_it_asks_for() -> None:
    (series,) = render(FakeStore(), (), ["constantLine(7)"], Span(START, START + 30))
    np.testing.assert_array_equal(series.values, [7, 7, 7])
