"""Stores for tests, and the answers they must give, computed from the flushes themselves."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution, Distributions, Floats
from celeryscope.store.checks import Finding, checks
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.patterns import parse_aggregations, parse_schemas
from celeryscope.store.protocol import Points, Series, Window
from celeryscope.store.tiers import parse_retentions

START = 1_700_000_400
"""A time that every step used here divides."""

RETENTIONS = "10s:2d,1m:30d,10m:2y"


@contextlib.contextmanager
def opened(
    folder: Path,
    retentions: str = RETENTIONS,
    now: float = START + 3600,
    schemas: str = "",
    aggregations: str = "",
) -> Iterator[DuckDBStore]:
    """Open a store; `schemas` and `aggregations` are texts of Carbon's files."""
    with contextlib.closing(
        DuckDBStore.open(
            folder,
            parse_retentions(retentions),
            lambda: now,
            schemas=parse_schemas(schemas),
            rules=parse_aggregations(aggregations),
        )
    ) as store:
        yield store


def wrong(store: DuckDBStore) -> list[Finding]:
    """Return what a check of the store finds wrong."""
    with store.inside() as (cursor, archives):
        return [one for one in checks(cursor, archives) if one.wrong]


def put(store: DuckDBStore, *points: tuple[str, float, float]) -> int:
    """Write points of plain series: name, time and value."""
    names, timestamps, values = zip(*points, strict=True)
    return store.write_points(
        Points(names, np.array(timestamps, dtype=np.int64), np.array(values, dtype=np.float64))
    )


def runs(start: float, count: float = 1, times: Sequence[float] = (), name: str = "jobs") -> Flush:
    """Return ten seconds with `count` runs of one task that took `times`."""
    timers = {name: Distribution.of(times)} if times else {}
    return Flush(start, 10, counters={name: count}, timers=timers)


def series(store: DuckDBStore, kind: Kind = Kind.COUNTER, pattern: str = "*") -> list[Series]:
    nodes = store.find(kind, pattern.split("."))
    return [node.series for node in nodes if node.series is not None]


def totals(store: DuckDBStore, window: Window) -> Floats:
    return store.scalars(series(store), window).total


def total(store: DuckDBStore, start: float, end: float) -> float:
    """Return the exact count of all series over a span."""
    return float(np.nansum(totals(store, store.window(start, end, 1))))


def merged(store: DuckDBStore, window: Window) -> Distributions:
    """Return all timers as one, a cell for each interval."""
    return store.timers([series(store, Kind.TIMER)], window).cells


def histograms(cells: Distributions) -> list[dict[int, int]]:
    buckets, counts = cells.buckets.tolist(), cells.counts.tolist()
    pairs = list(zip(buckets, counts, strict=True))
    return [dict(pairs[first:end]) for first, end in pairwise(cells.offsets)]


def expected_total(flushes: Sequence[Flush], start: float, end: float) -> float:
    return math.fsum(
        sum(flush.counters.values()) for flush in flushes if start <= flush.start < end
    )


def expected_histogram(flushes: Sequence[Flush], start: float, end: float) -> dict[int, int]:
    bins: Counter[int] = Counter()
    for flush in flushes:
        if start <= flush.start < end:
            for one in flush.timers.values():
                bins.update(dict(zip(one.buckets.tolist(), one.counts.tolist(), strict=True)))
    return dict(bins)


def assert_same(store: DuckDBStore, flushes: Sequence[Flush], window: Window) -> None:
    """Compare all that a window says with what the flushes do."""
    starts = range(window.start, window.end, window.step)
    expected = [expected_total(flushes, ts, ts + window.step) for ts in starts]
    np.testing.assert_array_equal(np.nan_to_num(totals(store, window)[0]), expected)
    cells = merged(store, window)
    bins = [expected_histogram(flushes, ts, ts + window.step) for ts in starts]
    assert histograms(cells) == bins
    assert cells.samples.tolist() == [sum(one.values()) for one in bins]
    heard = [sum(f.seconds for f in flushes if ts <= f.start < ts + window.step) for ts in starts]
    np.testing.assert_allclose(store.covered(window), heard)
