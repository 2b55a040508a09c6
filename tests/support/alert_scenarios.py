"""What happened, and what has to be told of it: the same for both editions of the alerts."""

from collections.abc import Sequence
from dataclasses import dataclass

from support.histories import (
    Happenings,
    Phase,
    beat,
    own,
    phase,
    queue,
    silence,
    task,
    waits,
    worker,
)

Firing = frozenset[tuple[str, str]]
"""Alerts by name, each with whom it names, as `task=proj.charge` ("" if nobody)."""

_TASK, _QUEUE, _WORKER = "task=proj.charge", "queue=mail", "worker=celery_web"
_BURNS = ("1h", "6h", "1d", "3d")


@dataclass(frozen=True)
class Scenario:
    """A history with a name, and all that fires at its end."""

    name: str
    phases: Sequence[Phase]
    firing: Firing = frozenset()


def _told(subject: str, *alerts: str) -> Firing:
    return frozenset((alert, subject) for alert in alerts)


def _failing(name: str, share: float) -> Happenings:
    """Return a minute with a thousand runs of a task, of which a share fails."""
    failure = round(1000 * share)
    return task(name, prerun=1000, success=1000 - failure, failure=failure)


def _late(name: str, per_cent: int) -> Happenings:
    """Return a minute with a hundred runs of a queue, some of which waited 45 seconds."""
    return waits({0.1: 100 - per_cent, 45: per_cent}, name)


def _burns(kind: str, subject: str, *windows: str) -> Firing:
    return _told(subject, *(f"Celery{kind}Burn{one}" for one in windows))


_FAILURES = (
    Scenario(
        "tasks fail by different shares",
        [
            phase(
                45,
                _failing("proj.third", 0.3),
                _failing("proj.some", 0.08),
                _failing("proj.few", 0.04),
                _failing("proj.rare", 0.02),
                _failing("proj.well", 0.009),
            )
        ],
        _burns("Failure", "task=proj.third", *_BURNS)
        | _burns("Failure", "task=proj.some", *_BURNS[1:])
        | _burns("Failure", "task=proj.few", *_BURNS[2:])
        | _burns("Failure", "task=proj.rare", *_BURNS[3:]),
    ),
    Scenario(
        "a task that was well, and hard at work, fails for half an hour",
        [
            phase(20, task(prerun=20_000, success=20_000)),
            phase(40),
            phase(30, task(prerun=100, success=70, failure=30)),
        ],
        _burns("Failure", _TASK, "1h"),
    ),
    Scenario(
        "a task failed and was late, and has been well for six hours",
        [
            phase(45, task(prerun=10, success=6, failure=4), waits({45: 10})),
            phase(365, task(prerun=10, success=10), waits({0.1: 10})),
        ],
    ),
    Scenario(
        "a task fails whenever it runs, and hardly ever runs",
        [*[phase(6), phase(1, task(prerun=1, failure=1))] * 8, phase(4)],
    ),
    Scenario(
        "a task fails four times of twenty",
        [
            phase(1, task(prerun=1, success=1)),
            phase(20),
            phase(1, task(prerun=20, success=16, failure=4)),
            phase(4),
        ],
    ),
    Scenario(
        "a task with few runs fails a quarter of them",
        [phase(20), phase(40, task(prerun=4, success=3, failure=1))],
        _burns("Failure", _TASK, *_BURNS),
    ),
)

_WAITS = (
    Scenario(
        "queues are late by different shares",
        [
            phase(
                45,
                _late("third", 33),
                _late("some", 8),
                _late("few", 4),
                _late("rare", 2),
                _late("well", 0),
            )
        ],
        _burns("Wait", "queue=third", *_BURNS)
        | _burns("Wait", "queue=some", *_BURNS[1:])
        | _burns("Wait", "queue=few", *_BURNS[2:])
        | _burns("Wait", "queue=rare", *_BURNS[3:]),
    ),
    Scenario("the three runs of an idle queue are late", [phase(40), phase(3, waits({45: 1}))]),
    Scenario(
        "the first run of a queue waited a quarter of an hour",
        [phase(60), phase(1, waits({900: 1})), phase(4)],
        _told(_QUEUE, "CeleryLongestWait"),
    ),
    Scenario(
        "one run of a busy queue waited a quarter of an hour",
        [phase(60, waits({0.1: 100})), phase(1, waits({0.1: 99, 900: 1})), phase(4)],
        _told(_QUEUE, "CeleryLongestWait"),
    ),
    Scenario("a run waited five minutes", [phase(60), phase(1, waits({300: 1})), phase(4)]),
    Scenario(
        "a run waited a quarter of an hour, and that is past",
        [phase(60, waits({0.1: 1})), phase(1, waits({900: 1})), phase(15, waits({0.1: 1}))],
    ),
)

_QUEUES = (
    Scenario(
        "twice as much is published as is started",
        [phase(60, queue(published=20, prerun=10))],
        _told(_QUEUE, "CeleryQueueGrowing"),
    ),
    Scenario(
        "what piled up is worked off",
        [phase(30, queue(published=40, prerun=10)), phase(15, queue(published=10, prerun=14))],
    ),
    Scenario(
        "a quiet queue grows by a message a minute", [phase(60, queue(published=2, prerun=1))]
    ),
    Scenario("a busy queue breathes", [phase(60, queue(published=1000, prerun=995))]),
    Scenario("messages are for nobody", [phase(60, queue(published=20, prerun=10, unknown=10))]),
    Scenario(
        "a queue's worker has gone",
        [phase(60, queue(published=1, prerun=1)), phase(25, queue(published=1))],
        _told(_QUEUE, "CeleryQueueWithoutWorker"),
    ),
    Scenario(
        "messages go to a queue that nobody knew",
        [phase(60), phase(1, queue(published=6)), phase(8)],
        _told(_QUEUE, "CeleryQueueWithoutWorker"),
    ),
    Scenario(
        "two messages wait for a worker", [phase(60), phase(2, queue(published=1)), phase(12)]
    ),
    Scenario("a worker knows no task of a queue", [phase(40, queue(published=2, unknown=2))]),
)

_TASKS = (
    Scenario(
        "a task retries most of its runs",
        [phase(60, task(prerun=10, success=10)), phase(22, task(prerun=10, success=2, retry=8))],
        _told(_TASK, "CeleryRetryStorm"),
    ),
    Scenario("a task retries a third", [phase(40, task(prerun=90, success=60, retry=30))]),
    Scenario("a rare task retries", [phase(40, task(prerun=1)), phase(9, task(prerun=1, retry=1))]),
    Scenario(
        "three runs are lost with their processes",
        [
            phase(60, task(prerun=20, success=20)),
            *[phase(1, task(prerun=20, success=19, failure=1, lost=1)), phase(4)] * 3,
        ],
        _told(_TASK, "CeleryRunsLost"),
    ),
    Scenario(
        "two runs are lost with their processes",
        [
            phase(60, task(prerun=20, success=20)),
            *[phase(1, task(prerun=20, success=19, failure=1, lost=1)), phase(4)] * 2,
        ],
    ),
)

_WORKERS = (
    Scenario(
        "a worker is killed",
        [phase(30, worker(online=1)), phase(6)],
        _told(_WORKER, "CeleryWorkerLost"),
    ),
    Scenario(
        "a worker is stopped",
        [phase(30, worker(online=1)), phase(5, worker(online=0)), phase(20)],
    ),
    Scenario("a worker was killed hours ago", [phase(5, worker(online=1)), phase(65)]),
    Scenario(
        "a worker is killed and another one works",
        [
            phase(30, worker(online=1), worker("celery@api", online=1)),
            phase(6, worker("celery@api", online=1)),
        ],
        _told(_WORKER, "CeleryWorkerLost"),
    ),
    Scenario(
        "beat stops",
        [phase(75, beat(sent=1)), phase(22)],
        _told("", "CeleryBeatSilent"),
    ),
    Scenario("beat sends", [phase(100, beat(sent=1))]),
    Scenario(
        "beat sends now and then",
        [*[phase(1, beat(sent=1)), phase(13)] * 6, phase(10)],
    ),
)

_MONITOR = (
    Scenario(
        "nobody sends any more",
        [phase(60), silence(14)],
        _told("", "CeleryscopeSilent"),
    ),
    Scenario("nobody sends for a moment", [phase(60), silence(6)]),
    Scenario(
        "datagrams get lost",
        [phase(60), phase(20, own(client__lost=20))],
        _told("counter=client.lost", "CeleryscopeLosingData"),
    ),
    Scenario(
        "many datagrams get lost at once", [phase(60), phase(1, own(client__lost=500)), phase(3)]
    ),
    Scenario("a line is bad now and then", [phase(60, own(bad_lines__format=1))]),
)

SCENARIOS = (*_FAILURES, *_WAITS, *_QUEUES, *_TASKS, *_WORKERS, *_MONITOR)
