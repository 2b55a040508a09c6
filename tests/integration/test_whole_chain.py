"""From real tasks on a real broker to the API: counts are exact, percentiles are true."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from pathlib import Path

import pytest

from integration.known_fates import FATES, TASKS
from support.processes import redis_server, running, wait_until
from support.relay import Relay, relay_to
from support.server import ServerUnderTest, celeryscope_server

COUNTERS = "stats.counters.celery.task.fates.known"
TIMERS = "stats.timers.celery.task.fates.known"
LEAVES = [name.rpartition(".")[2] for name in TASKS]
MESSAGES = sum(FATES.values())
RUNS = MESSAGES + FATES["retry"]
SPAN = 10
ONE_PERCENT = 0.01
# A task reads the clock a little after the one signal and before the other.
ASIDE_MS = 10


@dataclass(frozen=True)
class Run:
    """What came of the tasks: two servers that saw them, the wire, and their own records."""

    fine: ServerUnderTest
    rolled: ServerUnderTest
    wire: Relay
    records: Path
    since: int
    until: int

    def recorded(self, leaf: str) -> tuple[list[float], list[float]]:
        """Return a task's own waits and run times in ms."""
        lines = (line.split() for line in self.records.read_text().splitlines())
        own = [(float(w), float(r)) for name, w, r in lines if name.endswith(leaf)]
        return [wait for wait, _ in own], [runtime for _, runtime in own]

    def servers(self) -> dict[str, ServerUnderTest]:
        return {"finest tier": self.fine, "after roll-up": self.rolled}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("fates")
    fine, rolled, records = folder / "fine", folder / "rolled", folder / "records"
    fine.mkdir()
    rolled.mkdir()
    every_second = ["--flush-interval", "1s", "--retentions"]
    with (
        redis_server(folder) as broker,
        celeryscope_server(fine, [*every_second, "1s:1h"]) as one,
        celeryscope_server(rolled, [*every_second, "1s:5s,5s:10s,10s:1h"]) as two,
        relay_to([one.statsd_port, two.statsd_port]) as wire,
    ):
        env = {
            "KNOWN_FATES_BROKER": broker,
            "KNOWN_FATES_RECORDS": str(records),
            "CELERYSCOPE_STATSD": f"127.0.0.1:{wire.port}",
            "PYTHONPATH": str(Path(__file__).parent),
        }
        since = floor(time.time() / SPAN) * SPAN
        work_all(folder, env, wire)
        until = floor(time.time() / SPAN) * SPAN + SPAN
        wait_until(lambda: time.time() > until + SPAN, 3 * SPAN, what="the last roll-up")
        yield Run(one, two, wire, records, since, until)


def work_all(folder: Path, env: dict[str, str], wire: Relay) -> None:
    """Publish all tasks, and run a prefork worker with two children until they have ended."""
    worker = [sys.executable, "-m", "celery", "-A", "known_fates", "worker"]
    worker += ["--pool", "prefork", "--concurrency", "2", "--loglevel", "CRITICAL"]
    with running(worker, folder / "worker.log", env):
        publisher = [sys.executable, str(Path(__file__).parent / "known_fates.py")]
        with running(publisher, folder / "publisher.log", env) as publishing:
            assert publishing.process.wait(60) == 0, publishing.output()
        wait_until(lambda: all(ended(wire, leaf) for leaf in LEAVES), 90, what="the runs' end")


def ended(wire: Relay, leaf: str) -> bool:
    return len(wire.values(f".{leaf}.postrun")) >= RUNS


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize("tier", ["finest tier", "after roll-up"])
def test_every_count_is_exact(run: Run, tier: str, leaf: str) -> None:
    server = run.servers()[tier]
    expected = {
        "published": RUNS,
        "prerun": RUNS,
        "postrun": RUNS,
        "success": RUNS - FATES["failure"] - FATES["retry"],
        "failure": FATES["failure"],
        "exception.ExpectedError": FATES["failure"],
        "retry": FATES["retry"],
    }
    counted = {
        name: server.whole(f"{COUNTERS}.{leaf}.{name}.count", run.since, run.until)
        for name in expected
    }
    assert counted == expected


@pytest.mark.parametrize("leaf", LEAVES)
def test_run_time_is_what_the_tasks_recorded_and_a_countdown_is_not_waiting(
    run: Run, leaf: str
) -> None:
    waits, runtimes = run.recorded(leaf)
    for name, own in (("wait", waits), ("runtime", runtimes)):
        told = run.fine.whole(f"{TIMERS}.{leaf}.{name}.mean", run.since, run.until)
        assert told == pytest.approx(sum(own) / len(own), rel=ONE_PERCENT, abs=ASIDE_MS)
        assert run.fine.whole(f"{TIMERS}.{leaf}.{name}.count", run.since, run.until) == RUNS


@pytest.mark.parametrize("percent", [50, 95, 99])
@pytest.mark.parametrize("tier", ["finest tier", "after roll-up"])
def test_percentiles_over_the_whole_span_are_true(run: Run, tier: str, percent: int) -> None:
    server = run.servers()[tier]
    for leaf in LEAVES:
        told = server.whole(f"{TIMERS}.{leaf}.runtime.upper_{percent}", run.since, run.until)
        exact = percentile(run.wire.values(f".{leaf}.runtime"), percent)
        assert told == pytest.approx(exact, rel=ONE_PERCENT)
    merged = f"mergedPercentile({TIMERS}.*.runtime, {percent})"
    exact = percentile(run.wire.values(".runtime"), percent)
    assert server.whole(merged, run.since, run.until) == pytest.approx(exact, rel=ONE_PERCENT)


def percentile(values: list[float], percent: int) -> float:
    """Return the value of rank round(percent / 100 * n), half up, of exact data."""
    return sorted(values)[floor(percent / 100 * len(values) + 0.5) - 1]


def test_the_rolled_up_server_has_dropped_its_finest_rows(run: Run) -> None:
    points = run.rolled.render(
        f"{COUNTERS}.quick.postrun.count", **{"from": run.since, "until": run.until}
    )
    ((_, series),) = points.items()
    assert len(series) == (run.until - run.since) // SPAN
