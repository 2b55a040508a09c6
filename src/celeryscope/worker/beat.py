"""What beat sends, entry by entry, and how much later than it was due."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from celery import Celery
from celery.beat import ScheduleEntry, Service

from celeryscope.worker.faults import harmless
from celeryscope.worker.kinds import Kinds

_OURS = "__celeryscope__"

Apply = Callable[..., Any]


class Beat:
    """Watches the scheduler of each beat that starts in this process.

    Celery has no signal for an entry: `apply_async`, which every scheduler calls to send one, is
    wrapped on the instance. It raises when a message could not be sent; that one is not counted.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    @harmless
    def on_init(self, sender: Service, **_: object) -> None:
        own = vars(sender.scheduler)
        apply_async: Apply = sender.scheduler.apply_async
        if not hasattr(apply_async, _OURS):
            own["apply_async"] = self._watched(sender.app, apply_async)

    def _watched(self, app: Celery, apply_async: Apply) -> Apply:
        @wraps(apply_async)
        def watched(entry: ScheduleEntry, *args: object, **kwargs: object) -> object:
            lateness_ms = _lateness_ms(entry)
            sent = apply_async(entry, *args, **kwargs)
            self._sent(app, entry, lateness_ms)
            return sent

        setattr(watched, _OURS, True)
        return watched

    @harmless
    def _sent(self, app: Celery, entry: ScheduleEntry, lateness_ms: float | None) -> None:
        meter = self._kinds.meter(app)
        if meter is not None and meter.name(str(entry.task)) is not None:
            meter.sender.send(meter.beat(str(entry.name), lateness_ms))


def _lateness_ms(entry: ScheduleEntry) -> float | None:
    """Return by how much an entry is overdue; None where its schedule cannot tell."""
    schedule, last_run_at = entry.schedule, entry.last_run_at
    with suppress(Exception):  # a schedule may be anybody's
        if schedule is not None and last_run_at is not None:
            return max(0.0, -schedule.remaining_estimate(last_run_at).total_seconds()) * 1000
    return None
