"""What a worker's main process tells of runs, as far as the process that ran them cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Any

from celery import Task
from celery.app.task import Context
from celery.exceptions import Reject, TimeLimitExceeded, WorkerLostError
from kombu import Message

from celeryscope.worker.faults import FAULT, harmless
from celeryscope.worker.kinds import Kinds, RunKind
from celeryscope.worker.log import log
from celeryscope.worker.running import Running
from celeryscope.worker.taken import Taken
from celeryscope.worker.tally import Tally

if TYPE_CHECKING:  # see taken.py
    from celery.worker.consumer import Consumer
    from celery.worker.request import Request


@dataclass(frozen=True)
class _Fate:
    """The counters of an end, and the class of the exception if it is a failure."""

    leaves: Sequence[str]
    exception: str | None = None


_REVOKED = _Fate(("revoked",))
_ABORTED = _Fate(("aborted",))
_LOST_AND_RETRIED = _Fate(("retry", "lost"))


class Supervisor:
    """Handlers of the signals that Celery sends from the main process, after a run or without it.

    Most of them come from the process that runs the task, too: while a run is `running` in this
    process, its own end tells its outcome.
    """

    def __init__(self, kinds: Kinds, running: Running[RunKind]) -> None:
        self._kinds = kinds
        self._running = running
        self._taken = Taken()
        self._pool_has_processes = False
        self.received = Tally()

    def on_received(self, sender: "Consumer", request: "Request", **_: object) -> None:
        try:
            kind = self._kinds.of_run(request.task, request.request_dict)
            if kind is not None:
                self._pool_has_processes = sender.pool.uses_semaphore
                self._taken.add(request)
                self.received.add(kind)
        except Exception:
            log.exception(FAULT)

    @harmless
    def on_failure(
        self, sender: "Task[Any, Any]", task_id: str, exception: BaseException, **_: object
    ) -> None:
        # A task that rejects its message has told so itself.
        if not isinstance(exception, Reject):
            self._end(sender, task_id, {}, _failure(exception))

    @harmless
    def on_retry(
        self, sender: "Task[Any, Any]", request: Context, reason: object = None, **_: object
    ) -> None:
        # A cold shutdown calls it a retry, without a reason: nothing will run again.
        cold = reason is None
        fate = _ABORTED if cold else _LOST_AND_RETRIED
        self._end(sender, request.id, vars(request), fate, even_if_running=cold)

    @harmless
    def on_revoked(self, sender: "Task[Any, Any]", request: Context, **_: object) -> None:
        self._end(sender, request.id, vars(request), _REVOKED, even_if_running=True)

    @harmless
    def on_unknown(self, sender: "Consumer", message: Message, **_: object) -> None:
        meter = self._kinds.meter(sender.app)
        if meter is not None:
            delivery = message.delivery_info or {}
            exchange, routing_key = delivery.get("exchange"), delivery.get("routing_key")
            meter.sender.send(meter.unknown(exchange, routing_key, sender.hostname))

    def end(self, task_id: str) -> None:
        """Take note that this process has told a run's outcome, whatever Celery says later."""
        request = self._taken.find(task_id)
        if request is not None:
            self._taken.end(request)

    def _end(
        self,
        task: "Task[Any, Any]",
        task_id: str | None,
        context: Mapping[str, Any],
        fate: _Fate,
        *,
        even_if_running: bool = False,
    ) -> None:
        if task_id is None or (task_id in self._running and not even_if_running):
            return
        request = self._taken.find(task_id)
        if request is not None and not self._taken.end(request):
            return
        kind = self._kinds.of_run(task, request.request_dict if request else context)
        if kind is not None:
            runtime_ms = self._runtime_ms(request)
            kind.send(kind.datagrams.fate(fate.leaves, fate.exception, runtime_ms))

    def _runtime_ms(self, request: "Request | None") -> float | None:
        """Return how long a process of the pool ran a task; others measure it themselves."""
        if request is None or request.time_start is None or not self._pool_has_processes:
            return None
        return max(0.0, time() - request.time_start) * 1000


def _failure(exception: BaseException) -> _Fate:
    if isinstance(exception, TimeLimitExceeded):
        return _Fate(("failure", "timeout"), type(exception).__name__)
    # Celery before 5.7 hands on the SystemExit that took the process away.
    if isinstance(exception, WorkerLostError) or not isinstance(exception, Exception):
        return _Fate(("failure", "lost"), WorkerLostError.__name__)
    return _Fate(("failure",), type(exception).__name__)
