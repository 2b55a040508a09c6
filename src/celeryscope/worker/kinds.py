"""The kinds of runs and messages that a process has seen: what is sent for each, and where to."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from celery import Celery, Task
from celery.app import app_or_default

from celeryscope.worker.datagrams import RunDatagrams
from celeryscope.worker.meter import Meter, Sink
from celeryscope.worker.sender import Sender
from celeryscope.worker.settings import SettingError, resolve

# More kinds than this in one process are a fault of naming; the cache starts over.
_MAX_KINDS = 4096

Send = Callable[[bytes], None]
Arguments = Mapping[str, object]
Kind = TypeVar("Kind")


@dataclass(frozen=True, eq=False)
class RunKind:
    """What all runs of one task, from one queue, on one worker share."""

    datagrams: RunDatagrams
    send: Send


@dataclass(frozen=True)
class MessageKind:
    """What all messages of one task to one queue share."""

    published: bytes
    send: Send


class Kinds:
    """Finds a run's or a message's kind in one look-up; makes it when it is the first.

    Settings are read when an app's first kind is made. None stands for what is not counted: the
    tasks of an app that is not instrumented, or whose settings are bad.
    """

    def __init__(self) -> None:
        self._apps: dict[Celery, Arguments] = {}
        self._others: Arguments | None = None
        self._captured: dict[Celery, Sink] = {}
        self._meters: dict[Celery, Meter | None] = {}
        self._runs: dict[object, RunKind | None] = {}
        self._messages: dict[object, MessageKind | None] = {}

    def add(self, app: Celery, arguments: Arguments) -> None:
        """Count an app's tasks from now on, by these arguments of `instrument`."""
        if self._apps.get(app) == arguments:
            return
        self._apps[app] = arguments
        self._forget(app)

    def add_others(self, arguments: Arguments) -> None:
        """Count the tasks of every app that shows up and was not added, by these arguments."""
        self._others = arguments
        self._runs.clear()
        self._messages.clear()

    def remove(self, app: Celery) -> None:
        """Count an app's tasks no more."""
        del self._apps[app]
        self._forget(app)

    def counts(self, app: Celery) -> bool:
        """Tell whether an app's tasks are counted."""
        if self._others is not None:
            self._apps.setdefault(app, self._others)
        return app in self._apps

    @contextmanager
    def captured(self, app: Celery, sink: Sink) -> Iterator[None]:
        """Send to `sink` what an app does, for as long as the context lasts."""
        self._captured[app] = sink
        self._forget(app)
        try:
            yield
        finally:
            del self._captured[app]
            self._forget(app)

    def meter(self, app: Celery) -> Meter | None:
        if app not in self._meters and self.counts(app):
            self._meters.setdefault(app, self._new_meter(app))
        return self._meters.get(app)

    def finish(self) -> None:
        """Send what is left to send, as the process ends."""
        for meter in self._meters.values():
            if meter is not None:
                meter.sender.finish()

    def of_run(self, task: "Task[Any, Any]", request: Mapping[str, Any]) -> RunKind | None:
        delivery = request.get("delivery_info") or {}
        key = (
            task,
            request.get("is_eager"),
            delivery.get("exchange"),
            delivery.get("routing_key"),
            request.get("hostname"),
            delivery.get("redelivered"),
        )
        try:
            return self._runs[key]
        except KeyError:
            return _remembered(self._runs, key, self._new_run(*key))

    def of_message(
        self, task: str, exchange: str | None, routing_key: str | None
    ) -> MessageKind | None:
        key = (task, exchange, routing_key)
        try:
            return self._messages[key]
        except KeyError:
            return _remembered(self._messages, key, self._new_message(*key))

    def _forget(self, app: Celery) -> None:
        self._runs.clear()
        self._messages.clear()
        meter = self._meters.pop(app, None)
        if meter is not None:
            meter.sender.report()
            meter.sender.close()

    def _new_meter(self, app: Celery) -> Meter | None:
        try:
            settings = resolve(self._apps[app], app.conf, os.environ)
        except SettingError:
            logging.getLogger("celeryscope").exception("celeryscope sends nothing for %r", app)
            return None
        return Meter(app, settings, self._captured.get(app) or Sender(settings.statsd))

    def _new_run(
        self,
        task: "Task[Any, Any]",
        eager: object,
        exchange: str | None,
        routing_key: str | None,
        hostname: str | None,
        redelivered: object,
    ) -> RunKind | None:
        meter = self.meter(task.app)
        name = meter.name(task.name) if meter else None
        if meter is None or name is None:
            return None
        if eager:
            return RunKind(meter.eager_run(name), meter.sender.send)
        datagrams = meter.queued_run(
            name, exchange, routing_key, hostname, redelivered=bool(redelivered)
        )
        return RunKind(datagrams, meter.sender.send)

    def _new_message(
        self, task: str, exchange: str | None, routing_key: str | None
    ) -> MessageKind | None:
        meter = self.meter(self._publisher(task))
        name = meter.name(task) if meter else None
        if meter is None or name is None:
            return None
        return MessageKind(meter.published(name, exchange, routing_key), meter.sender.send)

    def _publisher(self, task: str) -> Celery:
        # The signal does not tell which app it was: the newest that has the task, or the newest.
        newest, *others = reversed(self._apps or [app_or_default()])
        if not others:
            return newest
        return next((app for app in (newest, *others) if task in app.tasks), newest)


def _remembered(cache: dict[object, Kind], key: object, kind: Kind) -> Kind:
    if len(cache) >= _MAX_KINDS:
        cache.clear()
    cache[key] = kind
    return kind
