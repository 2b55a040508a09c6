from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.histogram import BUCKETS, Bounds
from celeryscope.outputs.prometheus.identity import Reader
from celeryscope.outputs.prometheus.state import IDLE_SECONDS, HistogramValue, State
from celeryscope.sketch import Distribution
from celeryscope.timerset import TimerSet

NOON = 1_700_000_000.0
TASK = "celery.task.proj.tasks.charge"
OTHER = "celery.task.proj.tasks.refund"
SIBLINGS = 13
A_HISTOGRAM = 5


def state(max_series: int = 1000) -> State:
    return State(Reader("celery", Layout.LEVELS), Bounds([1.0, 10.0]), max_series)


def at(
    seconds: float,
    counters: Mapping[str, float] | None = None,
    timers: Mapping[str, list[float]] | None = None,
    gauges: Mapping[str, float] | None = None,
) -> Flush:
    """Return a flush that ended so long after noon."""
    return Flush(
        NOON + seconds - 10,
        10.0,
        counters=counters or {},
        gauges=gauges or {},
        timers={name: Distribution.of(values) for name, values in (timers or {}).items()},
    )


def values(of: State) -> dict[str, float]:
    """Return counters and gauges, each written as a query would find it."""
    return {
        metric.name.text + "".join(f" {key}={value}" for key, value in labels): value
        for metric in of.metrics()
        for labels, value in metric.values.items()
    }


def histograms(of: State) -> dict[str, HistogramValue]:
    return {
        metric.name.text: value for metric in of.metrics() for value in metric.histograms.values()
    }


def test_counters_add_up_over_flushes() -> None:
    totals = state()
    totals.take(at(0, {"orders": 2.0}))
    totals.take(at(10))
    totals.take(at(20, {"orders": 0.5}))
    assert values(totals) == {"statsd_counters_orders_total": 2.5}


def test_a_counter_never_falls() -> None:
    totals = state()
    totals.take(at(0, {"orders": 2.0}))
    assert totals.take(at(10, {"orders": -1.0, "other": -1.0})) == 2
    assert values(totals) == {"statsd_counters_orders_total": 2.0}


def test_timers_become_histograms_in_seconds() -> None:
    totals = state()
    totals.take(at(0, timers={"page": [500.0, 1000.0, 1001.0]}))
    totals.take(at(10, timers={"page": [60_000.0]}))
    assert histograms(totals) == {"statsd_timers_page_seconds": HistogramValue([2, 3], 62.501, 4)}


def test_a_histogram_counts_the_samples_received_whatever_their_rate() -> None:
    totals = state()
    totals.take(Flush(NOON, 10.0, timers={"page": Distribution.of([5.0, 5.0], count=20.0)}))
    assert histograms(totals)["statsd_timers_page_seconds"].count == 2


def test_gauges_are_those_of_the_last_flush() -> None:
    totals = state()
    totals.take(at(0, gauges={"load": 1.0, "celeryscope.flush.lag": 250.0}))
    assert values(totals) == {"statsd_gauges_load": 1.0, "celeryscope_flush_lag_seconds": 0.25}
    totals.take(at(10, gauges={"load": 2.0}))
    assert values(totals) == {"statsd_gauges_load": 2.0}


def test_sets_are_gauges_of_how_many_members_they_have() -> None:
    totals = state()
    totals.take(Flush(NOON, 10.0, sets={"users": 3.0}))
    assert values(totals) == {"statsd_sets_users": 3.0}


def test_two_spellings_of_one_series_are_one() -> None:
    totals = state()
    totals.take(at(0, {f"{TASK}.prerun": 1, "celery.task.prerun;task=proj.tasks.charge": 2}))
    assert values(totals)["celery_task_started_total task=proj.tasks.charge"] == 3


def test_what_a_task_may_yet_come_to_count_is_shown_at_0() -> None:
    totals = state()
    totals.take(at(0, {f"{TASK}.prerun": 1}))
    found = values(totals)
    assert found["celery_task_failed_total task=proj.tasks.charge"] == 0
    assert "celery_task_published_total task=proj.tasks.charge" not in found
    assert len(found) == SIBLINGS


def test_a_message_does_not_say_that_its_task_runs_here() -> None:
    totals = state()
    totals.take(at(0, {f"{TASK}.published": 1}))
    assert values(totals) == {"celery_task_published_total task=proj.tasks.charge": 1}


def test_a_task_that_nobody_ran_for_a_day_is_forgotten_and_no_other() -> None:
    totals = state()
    totals.take(at(0, {f"{TASK}.failure": 3, f"{OTHER}.failure": 4}, {f"{OTHER}.wait": [1.0]}))
    totals.take(at(IDLE_SECONDS - 10, {f"{TASK}.prerun": 1}))
    totals.take(at(IDLE_SECONDS + 600, {f"{TASK}.prerun": 1}))
    found = values(totals)
    assert found["celery_task_failed_total task=proj.tasks.charge"] == 3
    assert "celery_task_failed_total task=proj.tasks.refund" not in found
    assert histograms(totals) == {}


def test_one_that_was_forgotten_begins_again() -> None:
    totals = state()
    totals.take(at(0, {"orders": 7}))
    totals.take(at(IDLE_SECONDS + 600))
    totals.take(at(IDLE_SECONDS + 610, {"orders": 1}))
    assert values(totals) == {"statsd_counters_orders_total": 1}


def test_series_beyond_the_limit_are_refused_and_those_known_go_on() -> None:
    totals = state(max_series=2 + A_HISTOGRAM)
    assert totals.take(at(0, {"a": 1, "b": 1}, {"t": [1.0]})) == 0
    assert totals.take(at(10, {"a": 1, "c": 1}, {"u": [1.0], "t": [1.0]}, {"g": 1.0})) == 3
    assert values(totals) == {"statsd_counters_a_total": 2, "statsd_counters_b_total": 1}
    assert histograms(totals)["statsd_timers_t_seconds"].count == 2


def test_the_limit_holds_for_siblings_and_spellings_too() -> None:
    totals = state(max_series=5)
    totals.take(at(0, {f"{TASK}.prerun": 1}))
    assert len(values(totals)) == 5
    spelled = state(max_series=1)
    assert spelled.take(at(0, {"a;b=1;c=2": 1.0, "a;c=2;b=1": 1.0})) == 1


@pytest.mark.parametrize("bounds", [[], [1.0, 1.0], [2.0, 1.0]])
def test_bounds_must_ascend(bounds: list[float]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        Bounds(bounds)


def counted(bounds: Sequence[float], timer: Distribution) -> list[int]:
    """Count a timer's samples, beside others."""
    others = {"a": Distribution.of([1.0, 2.0]), "b": Distribution.merge([Distribution.of([3.0])])}
    timers = TimerSet.of({**others, "t": timer})
    counts: list[int] = Bounds(bounds).count(timers)[timers.places["t"]].tolist()
    return counts


def test_a_sample_on_a_bound_is_below_it_whatever_the_bounds_last_bit() -> None:
    assert counted([0.57], Distribution.of([570.0])) == [1]


@given(st.lists(st.floats(0, 1e7), min_size=1))
def test_counts_are_exact_with_the_samples_at_hand(times: list[float]) -> None:
    expected = [sum(time <= bound * 1000 for time in times) for bound in BUCKETS]
    assert counted(BUCKETS, Distribution.of(times)) == expected


@given(st.lists(st.floats(0, 1e7), min_size=1))
def test_counts_without_the_samples_are_right_but_within_1_percent_of_a_bound(
    times: list[float],
) -> None:
    summary = Distribution.merge([Distribution.of(times)])
    counts = counted(BUCKETS, summary)
    at_least = [sum(time <= bound * 990 for time in times) for bound in BUCKETS]
    at_most = [sum(time <= bound * 1011 for time in times) for bound in BUCKETS]
    assert np.all(at_least <= counts)
    assert np.all(counts <= at_most)
