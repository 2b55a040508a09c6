"""What the main process tells of a run, signal by signal, as Celery sends them."""

import gc
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.app.task import Context
from celery.exceptions import Reject, TimeLimitExceeded, WorkerLostError
from celery.worker.request import Request
from kombu import Message

from celeryscope.testing import Captured
from celeryscope.worker.kinds import Kinds, RunKind
from celeryscope.worker.running import Running
from celeryscope.worker.supervisor import Supervisor

TASK = "celery.task._._.add"
LOST = {"failure": 1, "lost": 1, "exception.WorkerLostError": 1}
TIMED_OUT = {"failure": 1, "timeout": 1, "exception.TimeLimitExceeded": 1}


class Pool:
    """A pool, as far as the main process asks: of processes, like prefork, or not."""

    def __init__(self, *, processes: bool) -> None:
        self.uses_semaphore = processes


def work() -> None:
    """Do nothing: the tests tell what becomes of it."""


class Worker:
    """A worker's main process with one task, and what was heard of it."""

    def __init__(self) -> None:
        self.heard = Captured()
        self.app = Celery("unit", broker="memory://", set_as_current=False)
        self.app.task(name="add", shared=False)(work)
        self.task = self.app.tasks["add"]
        self.running: Running[RunKind] = Running()
        self.hostname = "celery@host"
        self.pool = Pool(processes=True)
        self.requests: list[Request] = []
        self.kinds = Kinds()
        self.kinds.add(self.app, {})
        self.supervisor = Supervisor(self.kinds, self.running)

    def takes(self, task_id: str = "id", ran_for: float | None = None) -> None:
        """Receive a message; one that `ran_for` seconds has been with the pool since then."""
        headers = {"id": task_id, "task": "add"}
        delivery = {"exchange": "", "routing_key": "mail"}
        message = Message(body="", headers=headers, delivery_info=delivery)
        request = Request(
            message, app=self.app, hostname=self.hostname, decoded=True, body=([], {}, {})
        )
        if ran_for is not None:
            request.time_start = time.time() - ran_for
        consumer: Any = self
        self.supervisor.on_received(sender=consumer, request=request)
        self.requests.append(request)  # Celery keeps it until the run has ended

    def fails(self, error: BaseException, task_id: str = "id") -> None:
        self.supervisor.on_failure(sender=self.task, task_id=task_id, exception=error)

    def retries(self, **reason: object) -> None:
        self.supervisor.on_retry(sender=self.task, request=Context(id="id"), **reason)

    def revokes(self) -> None:
        self.supervisor.on_revoked(sender=self.task, request=Context(id="id"))

    def told(self) -> dict[str, int]:
        """Return the task's counters but for `received`."""
        counts = self.heard.counters
        leaves = {name.removeprefix(f"{TASK}."): count for name, count in counts.items()}
        return {leaf: count for leaf, count in leaves.items() if leaf != "received"}


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    with worker.kinds.captured(worker.app, worker.heard):
        yield worker


def test_a_hard_limit_counts_once_though_celery_tells_it_twice(worker: Worker) -> None:
    worker.takes(ran_for=2.0)
    worker.fails(TimeLimitExceeded(2))
    worker.fails(TimeLimitExceeded(2))

    assert worker.told() == TIMED_OUT
    (runtime,) = worker.heard.timers[f"{TASK}.runtime"]
    assert 2000 <= runtime < 3000


@pytest.mark.parametrize("error", [WorkerLostError(), SystemExit(3)])
def test_a_process_that_went_away_is_a_failure_that_was_lost(
    worker: Worker, error: BaseException
) -> None:
    worker.takes(ran_for=1.0)
    worker.fails(error)

    assert worker.told() == LOST
    assert len(worker.heard.timers[f"{TASK}.runtime"]) == 1


def test_any_other_failure_has_its_own_class(worker: Worker) -> None:
    worker.fails(ValueError())

    assert worker.told() == {"failure": 1, "exception.ValueError": 1}


def test_a_rejection_is_no_failure(worker: Worker) -> None:
    worker.fails(Reject())

    assert worker.told() == {}


def test_a_run_in_this_process_tells_its_failures_and_retries_itself(worker: Worker) -> None:
    worker.running.start("id", kind_of(worker))
    worker.fails(ValueError())
    worker.retries(reason=ValueError())

    assert worker.told() == {}


def kind_of(worker: Worker) -> RunKind:
    kind = worker.kinds.of_run(worker.task, {})
    assert kind is not None
    return kind


def test_a_cold_shutdown_is_no_retry(worker: Worker) -> None:
    worker.takes(ran_for=1.0)
    worker.running.start("id", kind_of(worker))
    worker.retries()

    assert worker.told() == {"aborted": 1}


def test_a_lost_run_that_celery_runs_again_is_a_retry(worker: Worker) -> None:
    worker.retries(reason=WorkerLostError())

    assert worker.told() == {"retry": 1, "lost": 1}


def test_a_revoked_run_whose_process_is_killed_is_revoked_and_no_failure(worker: Worker) -> None:
    worker.takes(ran_for=1.0)
    worker.revokes()
    worker.fails(WorkerLostError())
    worker.revokes()

    assert worker.told() == {"revoked": 1}
    assert len(worker.heard.timers[f"{TASK}.runtime"]) == 1


def test_a_message_that_is_revoked_as_it_arrives_was_never_received(worker: Worker) -> None:
    worker.revokes()

    assert worker.heard.counters == {f"{TASK}.revoked": 1}
    assert not worker.heard.timers


def test_a_run_whose_end_was_told_here_is_not_told_again(worker: Worker) -> None:
    worker.takes()
    worker.supervisor.end("id")
    worker.supervisor.end("another")
    worker.fails(TimeLimitExceeded(2))

    assert worker.told() == {}


def test_a_message_that_is_delivered_again_ends_again(worker: Worker) -> None:
    worker.takes(ran_for=1.0)
    worker.fails(WorkerLostError())
    worker.takes(ran_for=1.0)
    worker.fails(WorkerLostError())

    assert worker.told() == dict.fromkeys(LOST, 2)


@pytest.mark.parametrize(("processes", "ran_for"), [(False, 1.0), (True, None)])
def test_only_a_process_of_the_pool_that_had_begun_has_its_run_time_told(
    worker: Worker,
    processes: bool,  # noqa: FBT001
    ran_for: float | None,
) -> None:
    worker.pool = Pool(processes=processes)
    worker.takes(ran_for=ran_for)
    worker.revokes()

    assert worker.told() == {"revoked": 1}
    assert not worker.heard.timers


def test_ten_thousand_messages_are_received_and_none_is_kept(worker: Worker) -> None:
    for number in range(10_000):
        worker.takes(str(number), ran_for=0.0)
        if number % 2:
            worker.fails(WorkerLostError(), str(number))
        worker.requests.clear()
    worker.supervisor.received.flush()
    gc.collect()

    counts = worker.heard.counters
    assert counts[f"{TASK}.received"] == 10_000
    assert counts[f"{TASK}.lost"] == counts[f"{TASK}.failure"] == 5_000
    assert len(worker.supervisor._taken) == 0


def test_a_strangers_task_counts_for_the_queue_and_the_worker_only(worker: Worker) -> None:
    message = Message(body="", delivery_info={"exchange": "", "routing_key": "mail"})
    consumer: Any = worker
    worker.supervisor.on_unknown(sender=consumer, message=message, name="drop table", id="id")

    names = ("celery.queue.mail.unknown", "celery.worker.celery_host.unknown")
    assert worker.heard.counters == dict.fromkeys(names, 1)


def test_a_stranger_app_is_left_alone(worker: Worker) -> None:
    stranger = Celery("stranger", set_as_current=False)
    task = stranger.tasks["celery.backend_cleanup"]
    worker.supervisor.on_failure(sender=task, task_id="id", exception=WorkerLostError())

    assert worker.heard.counters == {}


def test_a_fault_of_ours_stays_ours(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("celeryscope.worker.kinds.Kinds.of_run", fault)
    worker.takes()
    worker.fails(WorkerLostError())

    assert worker.heard.counters == {}
