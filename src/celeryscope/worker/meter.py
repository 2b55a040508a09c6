"""One instrumented app: what its tasks and messages are called, and where that is sent."""

from celery import Celery

from celeryscope.naming import Paths
from celeryscope.worker.datagrams import Places, RunDatagrams, published_datagram, run_datagrams
from celeryscope.worker.queues import queue_name
from celeryscope.worker.sender import Sender
from celeryscope.worker.settings import Settings


class Meter:
    """Builds an app's datagrams; its methods are slow and meant to be called once a kind."""

    def __init__(self, app: Celery, settings: Settings) -> None:
        self.sender = Sender(settings.statsd)
        self._app = app
        self._paths = Paths(settings.prefix, settings.layout)
        self._builtin_tasks = settings.builtin_tasks

    def covers(self, task: str) -> bool:
        """Tell whether a task counts: Celery's own (chord_unlock, ...) only when asked for."""
        return self._builtin_tasks or not task.startswith("celery.")

    def queued_run(
        self, task: str, exchange: str | None, routing_key: str | None, hostname: str | None
    ) -> RunDatagrams:
        places = Places(
            task=self._paths.task(task),
            queue=self._queue(exchange, routing_key),
            worker=self._paths.worker(hostname) if hostname else None,
        )
        return run_datagrams(places)

    def eager_run(self, task: str) -> RunDatagrams:
        """Build a run that was called in place: through no queue, on no worker."""
        return run_datagrams(Places(self._paths.task(task)))

    def published(self, task: str, exchange: str | None, routing_key: str | None) -> bytes:
        return published_datagram(self._paths.task(task), self._queue(exchange, routing_key))

    def _queue(self, exchange: str | None, routing_key: str | None) -> str | None:
        if not routing_key:
            return None
        return self._paths.queue(queue_name(self._app, exchange, routing_key))
