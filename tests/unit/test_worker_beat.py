from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from celery import Celery, schedules
from celery.beat import ScheduleEntry, Scheduler, Service
from kombu.exceptions import OperationalError

from celeryscope.testing import Captured
from celeryscope.worker.beat import Beat
from celeryscope.worker.kinds import Kinds

SENT = "celery.beat.nightly_bills.sent"
LATENESS = "celery.beat.nightly_bills.lateness"


class Puzzling(schedules.schedule):
    """A schedule that does not know when it is due."""

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        raise NotImplementedError(last_run_at)


@pytest.fixture
def heard() -> Captured:
    return Captured()


@pytest.fixture
def app() -> Celery:
    return Celery("unit", broker="memory://", set_as_current=False)


@pytest.fixture
def scheduler(app: Celery, heard: Captured) -> Iterator[Scheduler]:
    kinds = Kinds()
    kinds.add(app, {})
    service = Service(app, scheduler_cls=Scheduler)
    for _ in range(2):  # an embedded beat may start again
        Beat(kinds).on_init(sender=service)
    with kinds.captured(app, heard):
        yield service.scheduler


def entry(
    app: Celery, schedule: schedules.schedule, overdue: float, task: str = "bills.tasks.send"
) -> ScheduleEntry:
    """Return an entry whose last run was `overdue` seconds more than a minute ago."""
    last = datetime.now(timezone.utc) - timedelta(seconds=60 + overdue)
    return ScheduleEntry("nightly bills", task, last, schedule=schedule, app=app)


def test_an_entry_counts_with_how_late_it_was(
    app: Celery, scheduler: Scheduler, heard: Captured
) -> None:
    scheduler.apply_entry(entry(app, schedules.schedule(60.0, app=app), 2.5))

    assert heard.counters == {SENT: 1}
    (lateness,) = heard.timers[LATENESS]
    assert 2500 <= lateness < 4000


def test_an_entry_that_is_sent_before_it_is_due_is_not_late(
    app: Celery, scheduler: Scheduler, heard: Captured
) -> None:
    scheduler.apply_entry(entry(app, schedules.schedule(3600.0, app=app), 0.0))

    assert heard.timers == {LATENESS: [0.0]}


def test_a_schedule_that_cannot_tell_when_it_was_due_has_no_lateness(
    app: Celery, scheduler: Scheduler, heard: Captured
) -> None:
    scheduler.apply_entry(entry(app, Puzzling(60.0, app=app), 0.0))

    assert heard.counters == {SENT: 1}
    assert heard.timers == {}


def test_an_entry_that_could_not_be_sent_is_not_counted(
    app: Celery, scheduler: Scheduler, heard: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr("kombu.messaging.Producer.publish", refuse)
    scheduler.apply_entry(entry(app, schedules.schedule(60.0, app=app), 0.0))

    assert heard.lines == []


def test_celerys_own_entries_are_left_out(
    app: Celery, scheduler: Scheduler, heard: Captured
) -> None:
    nightly = schedules.schedule(60.0, app=app)
    scheduler.apply_entry(entry(app, nightly, 0.0, "celery.backend_cleanup"))

    assert heard.lines == []


def test_a_fault_of_ours_does_not_stop_beat(
    app: Celery, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("celeryscope.worker.meter.Meter.beat", fault)
    due = entry(app, schedules.schedule(60.0, app=app), 0.0)

    assert scheduler.apply_async(due, advance=False).id
