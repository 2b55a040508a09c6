"""Side by side with Celery's own events, which Flower and celery-exporter are fed by.

The exporter that is maintained is not on PyPI (the `celery-exporter` there is another one, whose
last release is 1.5.1), so the events are read here as it reads them.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import pytest
from kombu import Connection

from support.endings import DIFFERENCES, Difference
from support.endings_stage import Stage, staged
from support.processes import redis_server, wait_until
from support.workers import worker

EVENTS = {
    "received": "task-received",
    "success": "task-succeeded",
    "failure": "task-failed",
    "retry": "task-retried",
    "revoked": "task-revoked",
}
MIXED = {"success": 1000, "failure": 400, "retry": 400, "revoked_queued": 200}
ODD = [difference.ending for difference in DIFFERENCES]
BEGINNINGS = {"task-received", "task-started"}
ENDS = {"success", "failure", "ignored", "rejected", "revoked"}


@dataclass(frozen=True, slots=True)
class EventLog:
    """Celery's events by type, for each ending whose task's id was noted."""

    endings: dict[str, str] = field(default_factory=dict)
    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, event: Mapping[str, str]) -> None:
        if ending := self.endings.get(event.get("uuid", "")):
            self.counts[ending][event["type"]] += 1

    def total(self, kind: str) -> int:
        return sum(self.counts[ending][kind] for ending in MIXED)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What we and what Celery's events counted of the same tasks."""

    ours: Mapping[str, Mapping[str, int]]
    theirs: EventLog

    def total(self, leaf: str) -> int:
        return sum(self.ours[ending].get(leaf, 0) for ending in MIXED)


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """Publish the mixed tasks in a random order and then the odd ones, to one worker with `-E`."""
    folder = tmp_path_factory.mktemp("events")
    with redis_server(folder) as redis, staged(redis, folder) as stage:
        env = {"ENDINGS_BROKER": redis, "CELERYSCOPE_STATSD": stage.heard.address}
        env["ENDINGS_FOLDER"] = str(folder)
        options = ("--concurrency", "2", "--task-events")
        with (
            worker(folder, env, "support.endings_app", options),
            stage.client.connection_for_read() as events_from,
        ):
            theirs = EventLog()
            events = stage.client.events.Receiver(events_from, handlers={"*": theirs.note})
            with events.consumer_context() as (connection, _, _):
                read(connection)  # subscribes
                publish(stage, theirs)
                # What is missing by then is for the tests to tell.
                with contextlib.suppress(AssertionError):
                    wait_until(lambda: is_all_here(stage, theirs, connection), within=60)
        names = {*MIXED, *ODD}
        yield SideBySide({name: stage.counted(name).counts for name in names}, theirs)


def publish(stage: Stage, log: EventLog) -> None:
    endings = [ending for ending, count in MIXED.items() for _ in range(count)]
    Random(3).shuffle(endings)
    endings += ODD
    log.endings.update({str(uuid4()): ending for ending in endings})
    doomed = [task_id for task_id, ending in log.endings.items() if ending == "revoked_queued"]
    stage.client.control.revoke(doomed, reply=True, limit=1, timeout=10)
    for task_id, ending in log.endings.items():
        stage.publish(ending, {"task_id": task_id})


def is_all_here(stage: Stage, log: EventLog, connection: Connection) -> bool:
    """Read what events there are; tell whether each task's end has been seen by both sides."""
    read(connection)
    ends = sum(
        sum(count for leaf, count in stage.counted(ending).counts.items() if leaf in ENDS)
        for ending in {*MIXED, *ODD}
    )
    final = sum(log.total(EVENTS[leaf]) for leaf in ("success", "failure", "revoked"))
    return ends >= len(log.endings) and final >= sum(MIXED.values())


def read(connection: Connection) -> None:
    """Read events until there are none for half a second."""
    with contextlib.suppress(TimeoutError):
        while True:
            connection.drain_events(timeout=0.5)


@pytest.mark.parametrize("leaf", EVENTS)
def test_as_many_are_counted_as_celery_has_events(side_by_side: SideBySide, leaf: str) -> None:
    assert side_by_side.total(leaf) == side_by_side.theirs.total(EVENTS[leaf]) > 0


def test_each_of_the_mixed_tasks_has_the_end_it_was_to_have(side_by_side: SideBySide) -> None:
    assert {leaf: side_by_side.total(leaf) for leaf in EVENTS} == {
        "received": 2200,  # each retried one comes twice, a revoked one never gets so far
        "success": 1400,
        "failure": 400,
        "retry": 400,
        "revoked": 200,
    }


@pytest.mark.parametrize("known", DIFFERENCES, ids=lambda known: known.ending)
def test_a_difference_is_one_that_is_known(side_by_side: SideBySide, known: Difference) -> None:
    assert side_by_side.ours[known.ending].get(known.leaf) == 1
    assert set(side_by_side.theirs.counts[known.ending]) - BEGINNINGS == known.events
