"""How long `/render` takes, beside graphite-web under gunicorn over Whisper files of the same data.

A dashboard asks again for a range that has moved on by a step. `first` moves back instead, by more
than movingAverage reads before its range, so that nothing of what was asked for before helps.
graphite-web caches no answer; its files are in the page cache, and as it is installed it asks a
carbon-cache, which is idle, for newer points.
"""

import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import numpy as np
import orjson
import whisper

from celeryscope.flush import Flush
from celeryscope.sketch import Floats
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row
from support.carbon import carbon_cache
from support.graphite_web import graphite_web
from support.server import celeryscope_server

STEP, DAY, SHORT = 60, 86_400, 7200
SERIES = 10_000
ROUNDS, FIRST_ROUNDS = 11, 3
LEAP = 12  # steps
HUNDRED = "stats.counters.part0.*.*.count"
FLAGS = ["--retentions", "1m:7d", "--flush-interval", "1m"]

Milliseconds = tuple[list[float], list[float]]
"""Of celeryscope and of graphite-web, round by round."""


@dataclass(frozen=True, slots=True)
class Query:
    """A target, and over how many seconds it is asked for."""

    target: str
    seconds: int = DAY


QUERIES = {
    "raw": Query(HUNDRED),
    "sumSeries": Query(f"sumSeries({HUNDRED})"),
    "groupByNode": Query(f"groupByNode({HUNDRED},3,'sum')"),
    "summarize": Query(f"summarize({HUNDRED},'1h','sum')"),
    "movingAverage": Query(f"movingAverage({HUNDRED},10)"),
    "highestAverage": Query(f"highestAverage({HUNDRED},5)"),
    "wildcard, 10,000 series": Query("sumSeries(stats.counters.*.*.*.count)", SHORT),
}
GROWTH = {
    "wildcard, 100 series": Query("sumSeries(stats.counters.part0.*.*.count)", SHORT),
    "wildcard, 1,000 series": Query("sumSeries(stats.counters.part?.*.*.count)", SHORT),
}
AGAIN = len(QUERIES | GROWTH) * (ROUNDS + 1)
FIRST = len(QUERIES) * FIRST_ROUNDS * LEAP
STEPS = DAY // STEP + AGAIN + FIRST


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers, and the end of the oldest range that either is asked for."""

    ours: str
    theirs: str
    end: int

    def asked(self, query: Query, place: int) -> tuple[float, float]:
        """Return how many milliseconds both take for a range that ends `place` steps later."""
        end = self.end + place * STEP
        start = end - query.seconds
        mine, answer = answered(self.ours, query.target, start, end)
        # graphite-web takes `from` as exclusive and `until` as inclusive.
        other, expected = answered(self.theirs, query.target, start - STEP, end - STEP)
        if values(answer) != values(expected):
            raise AssertionError(f"the answers to {query.target} differ")
        return mine, other


def run() -> Report:
    """Ask both for the same by turns, so that they see the same machine."""
    end = int(time.time()) // STEP * STEP
    counts = np.random.default_rng(3).poisson(5, (STEPS, SERIES)).astype(np.float64)
    with TemporaryDirectory() as ours, TemporaryDirectory() as theirs, ExitStack() as stack:
        store(Path(ours) / "data", counts, end)
        cache = carbon_cache(Path(theirs))
        write_whisper(cache.storage / "whisper", counts, end)
        server = stack.enter_context(celeryscope_server(Path(ours), FLAGS))
        stack.enter_context(cache.running())
        web = stack.enter_context(graphite_web(cache, "gunicorn", asks_cache=True))
        both = Pair(server.url, web.url, end - (AGAIN + FIRST) * STEP)
        again = measured(both, QUERIES | GROWTH, ROUNDS + 1, range(FIRST, FIRST + AGAIN))
        first = measured(both, QUERIES, FIRST_ROUNDS, range(FIRST - LEAP, -1, -LEAP))
    return report({name: (a[1:], b[1:]) for name, (a, b) in again.items()}, first)


def measured(
    both: Pair, queries: Mapping[str, Query], rounds: int, places: Iterable[int]
) -> dict[str, Milliseconds]:
    found: dict[str, Milliseconds] = {name: ([], []) for name in queries}
    place = iter(places)
    for _ in range(rounds):
        for name, query in queries.items():
            for times, took in zip(found[name], both.asked(query, next(place)), strict=True):
                times.append(took)
    return found


def report(again: Mapping[str, Milliseconds], first: Mapping[str, Milliseconds]) -> Report:
    named = [*again.items(), *((f"{name}, first", both) for name, both in first.items())]
    rows = [row for name, both in named for row in compared(name, both)]
    ratios = [ratio(again[name]) for name in QUERIES]
    first_ratios = [ratio(both) for both in first.values()]
    return Report(
        rows,
        {
            "ratio_median": median(ratios),
            "ratio_worst": min(ratios),
            "first_ratio_median": median(first_ratios),
            "first_ratio_worst": min(first_ratios),
        },
    )


def compared(name: str, both: Milliseconds) -> Iterator[Row]:
    ours, theirs = both
    yield Row(name, "ms", ours)
    yield Row("  graphite-web", "ms", theirs)
    yield Row("  ratio", "times", [ratio(both)])


def ratio(both: Milliseconds) -> float:
    ours, theirs = both
    return median(theirs) / median(ours)


def answered(url: str, target: str, start: int, end: int) -> tuple[float, bytes]:
    """Return the milliseconds until the whole answer is there, and the answer."""
    asked = {"target": target, "from": start, "until": end, "format": "json", "noCache": 1}
    began = time.perf_counter()
    with urllib.request.urlopen(f"{url}/render", urlencode(asked).encode()) as answer:  # noqa: S310 -- our own servers
        content: bytes = answer.read()
    return 1000 * (time.perf_counter() - began), content


def values(answer: bytes) -> list[list[float]]:
    """Return all values and times, to three digits after the point, the series in some order.

    What is null is left out: graphite-web's summarize adds one to a range that ends with an hour.
    """
    return sorted(
        [
            round(number, 3)
            for point in series["datapoints"]
            if point[0] is not None
            for number in point
        ]
        for series in orjson.loads(answer)
    )


def store(folder: Path, counts: Floats, end: int) -> None:
    """Write the counts as the server does."""
    names = [f"part{i // 100}.group{i // 10 % 10}.task{i % 10}" for i in range(SERIES)]
    with closing(DuckDBStore.open(folder, parse_retentions("1m:7d"), lambda: end)) as opened:
        for start, row in zip(starts(end), counts, strict=True):
            counters = dict(zip(names, row.tolist(), strict=True))
            opened.write(Flush(start, STEP, counters))
            opened.maintain(start + STEP)
            while opened.tidy(start + STEP):
                continue


def write_whisper(folder: Path, counts: Floats, end: int) -> None:
    """Write a file a series, with room for some hours more."""
    points = np.zeros(STEPS + 300, [("time", ">u4"), ("value", ">f8")])
    points["time"][:STEPS] = starts(end)
    whisper.create(str(folder / "empty.wsp"), [(STEP, points.size)])
    header = (folder / "empty.wsp").read_bytes()[: -points.nbytes]
    (folder / "empty.wsp").unlink()
    for i in range(SERIES):
        path = folder.joinpath("stats", "counters", f"part{i // 100}", f"group{i // 10 % 10}")
        (path / f"task{i % 10}").mkdir(parents=True)
        points["value"][:STEPS] = counts[:, i]
        (path / f"task{i % 10}" / "count.wsp").write_bytes(header + points.tobytes())


def starts(end: int) -> range:
    return range(end - STEPS * STEP, end, STEP)
