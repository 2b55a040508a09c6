"""From when on a store's past may still change, and that what is kept of it stays true."""

from pathlib import Path

import numpy as np

from celeryscope.graphite.evaluate import render
from celeryscope.graphite.kept import KeptGrids
from celeryscope.graphite.span import Span
from celeryscope.store.protocol import Settled
from celeryscope.store.settling import Settling
from support.stores import START, opened, runs

STEPS = (0, 1, 1, -2, 1, 6, 0, 1, -5, 1, 12, 1, 1)
"""From one flush to the next: some are late, some are twice, some are missing."""
TARGETS = ["stats.counters.jobs.{count,rate}", "stats.timers.jobs.{upper_90,mean,count_ps}"]


def test_flushes_in_order_settle_what_was_before_them() -> None:
    settling = Settling(100)
    for start in (100, 110, 110, 120):
        settling.wrote(start)
    assert settling.now() == Settled(120, 0)


def test_a_late_flush_changes_what_was_settled() -> None:
    settling = Settling(100)
    for start in (90, 120, 110):
        settling.wrote(start)
    assert settling.now() == Settled(120, 2)


def test_kept_answers_are_those_of_the_store(tmp_path: Path) -> None:
    kept, at = KeptGrids(), START
    with opened(tmp_path, now=START) as store:
        for step in STEPS:
            at = max(at + 10 * step, START)
            store.write(runs(at, 2, [step + 6.0, 7.0]))
            store.maintain(at + 10)
            for asked in (Span(at - 300, at + 20), Span(at - 600, at, 5)):
                fresh, again = (render(store, (), TARGETS, asked, kept=k) for k in (None, kept))
                assert len(again) == len(fresh)
                for one, other in zip(again, fresh, strict=True):
                    assert (one.name, one.start, one.step) == (other.name, other.start, other.step)
                    np.testing.assert_array_equal(one.values, other.values)
