"""20,000 tasks while the way to the collector is out of order: as without celeryscope."""

from functools import cache
from statistics import median

import pytest

from support.faults import FAULTS, TASKS, Outcome, outcome_of

# What a busy machine adds by itself. A send that blocked, or a look-up, would take seconds.
_SLOWEST_MS = 1000
# Two handlers, two datagrams and this machine's noise.
_MOST_US_PER_TASK = 300
_MOST_KIB = 3 * 1024


@cache
def without() -> Outcome:
    return outcome_of("none")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "none"])
def test_tasks_are_as_without_celeryscope(fault: str) -> None:
    outcome = outcome_of(fault)
    added = median(outcome.us_per_task) - median(without().us_per_task)
    print(  # noqa: T201 - figures to read beside the claim
        f"{fault}: {added:+.1f} us a task, slowest {outcome.slowest_ms:.1f} ms, "
        f"{outcome.kib_before} KiB {outcome.kib_grown:+d} KiB over {TASKS} tasks"
    )

    assert outcome.right == without().right == TASKS
    assert added < _MOST_US_PER_TASK
    assert outcome.slowest_ms < _SLOWEST_MS
    assert outcome.kib_grown < _MOST_KIB
