"""One instrumented app: what its tasks and messages are called, and where that is sent."""

from typing import Protocol

from celery import Celery

from celeryscope.worker.datagrams import (
    Places,
    RunDatagrams,
    Vitals,
    beat_datagram,
    published_datagram,
    run_datagrams,
    unknown_datagram,
    vitals_datagram,
)
from celeryscope.worker.names import Names
from celeryscope.worker.queues import queue_name
from celeryscope.worker.settings import Settings
from celeryscope.worker.styles import PlaceNames


class Sink(Protocol):
    """Takes what is sent."""

    def send(self, datagram: bytes) -> None:
        """Take lines joined by newlines; never block, never raise."""

    def report(self) -> None:
        """Send what was counted of the sending itself."""

    def finish(self) -> None:
        """Send what is left, as the process ends."""

    def close(self) -> None:
        """Let go of the way to the server."""


class Meter:
    """Builds an app's datagrams; its methods are slow and not for each run."""

    def __init__(self, app: Celery, settings: Settings, sender: Sink) -> None:
        self.sender = sender
        self._app = app
        self._places = PlaceNames(settings.prefix, settings.layout, settings.style)
        self._names = Names(settings.names, settings.max_names)
        self._builtin_tasks = settings.builtin_tasks

    def name(self, task: str) -> str | None:
        """Return what a task is counted under, or None when it is not counted.

        Celery's own tasks (chord_unlock, ...) count only when asked for.
        """
        if task.startswith("celery.") and not self._builtin_tasks:
            return None
        return self._names.of(task)

    def queued_run(
        self,
        name: str,
        exchange: str | None,
        routing_key: str | None,
        hostname: str | None,
        *,
        redelivered: bool,
    ) -> RunDatagrams:
        queue = self._queue(exchange, routing_key)
        places = Places(
            task=self._places.task(name, queue, hostname),
            queue=self._places.queue(queue) if queue else None,
            worker=self._places.worker(hostname) if hostname else None,
        )
        return run_datagrams(places, redelivered=redelivered)

    def eager_run(self, name: str) -> RunDatagrams:
        """Build a run that was called in place: through no queue, on no worker."""
        return run_datagrams(Places(self._places.task(name)))

    def published(self, name: str, exchange: str | None, routing_key: str | None) -> bytes:
        queue = self._queue(exchange, routing_key)
        task = self._places.task(name, queue)
        return published_datagram(task, self._places.queue(queue) if queue else None)

    def unknown(self, exchange: str | None, routing_key: str | None, hostname: str) -> bytes:
        """Build what is sent about a message for a task that the worker does not have."""
        queue = self._queue(exchange, routing_key)
        return unknown_datagram(
            self._places.queue(queue) if queue else None, self._places.worker(hostname)
        )

    def vitals(self, hostname: str, vitals: Vitals) -> bytes:
        return vitals_datagram(self._places.worker(hostname), vitals)

    def beat(self, entry: str, lateness_ms: float | None) -> bytes:
        """Build what is sent when beat sent a schedule entry's message."""
        return beat_datagram(self._places.beat(entry), lateness_ms)

    def _queue(self, exchange: str | None, routing_key: str | None) -> str | None:
        return queue_name(self._app, exchange, routing_key) if routing_key else None
