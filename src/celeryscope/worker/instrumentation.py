"""Celery's signals, turned into datagrams."""

import atexit
import logging
import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from time import time
from typing import Any, TypeVar

from celery import Celery, Task, signals

from celeryscope.naming import Layout
from celeryscope.worker.datagrams import RunDatagrams
from celeryscope.worker.log import log
from celeryscope.worker.meter import Meter
from celeryscope.worker.running import Running
from celeryscope.worker.settings import SettingError, resolve
from celeryscope.worker.wait import PUBLISHED, wait_ms

# More kinds of runs than this in one process are a fault of naming; the cache starts over.
_MAX_KINDS = 4096
_FAULT = "celeryscope could not send a metric; the task is not affected"

Kind = TypeVar("Kind")


def instrument(
    app: Celery,
    *,
    statsd: str | None = None,
    prefix: str | None = None,
    layout: Layout | str | None = None,
    builtin_tasks: bool | None = None,
) -> None:
    """Send what `app`'s tasks do to a StatsD server, from every process that runs or calls them.

    Each argument that is left out comes from `app.conf.celeryscope_<name>`, else from the
    environment variable `CELERYSCOPE_<NAME>`, else it is `127.0.0.1:8125`, `celery`, `levels`
    and False. All are read again when the app's first task or message shows up, so that `app` may
    be configured after this call. Calling it again replaces the arguments.

    Works in prefork, threads, gevent and eager mode: sockets are opened by the process that sends,
    no thread outlives a host name's lookup, and nothing is ever raised into a task.

    Args:
        app: the Celery app.
        statsd: the server's `HOST:PORT`, or `[IPV6]:PORT`.
        prefix: the path before all names; may be empty.
        layout: `levels` or `dotted`, how a task's name becomes a path.
        builtin_tasks: also count tasks whose names start with `celery.`.

    Raises:
        SettingError: a value known by now is not allowed.
    """
    arguments = {
        "statsd": statsd,
        "prefix": prefix,
        "layout": layout,
        "builtin_tasks": builtin_tasks,
    }
    _PROCESS.add(app, arguments)


@dataclass(frozen=True)
class _RunKind:
    """What all runs of one task, from one queue, on one worker share."""

    datagrams: RunDatagrams
    send: Callable[[bytes], None]


@dataclass(frozen=True)
class _MessageKind:
    """What all messages of one task to one queue share."""

    published: bytes
    send: Callable[[bytes], None]


class Instrumentation:
    """One process's signal handlers, shared by all of its instrumented apps."""

    def __init__(self) -> None:
        self._arguments: dict[Celery, Mapping[str, object]] = {}
        self._meters: dict[Celery, Meter | None] = {}
        self._running: Running[_RunKind] = Running()
        self._runs: dict[object, _RunKind | None] = {}
        self._messages: dict[object, _MessageKind | None] = {}

    def add(self, app: Celery, arguments: Mapping[str, object]) -> None:
        # Reading the conf of an app that has none yet would load it too early.
        resolve(arguments, app.conf if getattr(app, "configured", False) else {}, os.environ)
        if not self._arguments:
            self._connect()
        if self._arguments.get(app) != arguments:
            self._arguments[app] = arguments
            self._forget(app)

    def report(self, **_: object) -> None:
        """Send what the process has counted, as it may be about to end."""
        for meter in self._meters.values():
            if meter is not None:
                meter.sender.report()

    def on_worker_init(self, sender: object, **_: object) -> None:
        """Read the settings as a worker starts, so that a bad one is said once, and early."""
        app = getattr(sender, "app", None)
        if app in self._arguments:
            self._meter(app)

    def on_prerun(self, task_id: str, task: "Task[Any, Any]", **_: object) -> None:
        try:
            request = vars(task.request)
            kind = self._run_kind(task, request)
            if kind is not None:
                kind.send(kind.datagrams.start(wait_ms(request, time())))
                self._running.start(task_id, kind)
        except Exception:
            log.exception(_FAULT)

    def on_postrun(self, task_id: str, state: str | None, retval: object, **_: object) -> None:
        try:
            run = self._running.end(task_id)
            if run is not None:
                kind, seconds = run
                kind.send(kind.datagrams.end(state, retval, seconds * 1000))
        except Exception:
            log.exception(_FAULT)

    def on_before_publish(self, headers: MutableMapping[str, object], **_: object) -> None:
        try:
            # A retry's message comes with the header of the one before.
            headers[PUBLISHED] = time()
        except Exception:
            log.exception(_FAULT)

    def on_after_publish(
        self, sender: str, exchange: object, routing_key: str | None, **_: object
    ) -> None:
        try:
            kind = self._message_kind(sender, getattr(exchange, "name", exchange), routing_key)
            if kind is not None:
                kind.send(kind.published)
        except Exception:
            log.exception(_FAULT)

    def _connect(self) -> None:
        for signal, handler in (
            (signals.task_prerun, self.on_prerun),
            (signals.task_postrun, self.on_postrun),
            (signals.before_task_publish, self.on_before_publish),
            (signals.after_task_publish, self.on_after_publish),
            (signals.worker_init, self.on_worker_init),
            (signals.worker_process_shutdown, self.report),
        ):
            uid = f"celeryscope.{handler.__name__}"
            signal.connect(handler, weak=False, dispatch_uid=uid)
        # Children of the prefork pool leave without it; they have worker_process_shutdown.
        atexit.register(self.report)

    def _forget(self, app: Celery) -> None:
        self._runs.clear()
        self._messages.clear()
        meter = self._meters.pop(app, None)
        if meter is not None:
            meter.sender.report()
            meter.sender.close()

    def _run_kind(self, task: "Task[Any, Any]", request: Mapping[str, Any]) -> _RunKind | None:
        delivery = request.get("delivery_info") or {}
        eager = request.get("is_eager")
        exchange, routing_key = delivery.get("exchange"), delivery.get("routing_key")
        hostname = request.get("hostname")
        key = (task, eager, exchange, routing_key, hostname)
        try:
            return self._runs[key]
        except KeyError:
            pass
        kind = None
        meter = self._meter(task.app)
        if meter is not None and meter.covers(task.name):
            datagrams = (
                meter.eager_run(task.name)
                if eager
                else meter.queued_run(task.name, exchange, routing_key, hostname)
            )
            kind = _RunKind(datagrams, meter.sender.send)
        _remember(self._runs, key, kind)
        return kind

    def _message_kind(
        self, task: str, exchange: object, routing_key: str | None
    ) -> _MessageKind | None:
        key = (task, exchange, routing_key)
        try:
            return self._messages[key]
        except KeyError:
            pass
        kind = None
        meter = self._meter(self._publisher(task))
        if meter is not None and meter.covers(task):
            published = meter.published(task, exchange, routing_key)
            kind = _MessageKind(published, meter.sender.send)
        _remember(self._messages, key, kind)
        return kind

    def _publisher(self, task: str) -> Celery:
        # The signal does not tell which app it was: the newest that has the task, or the newest.
        newest, *others = reversed(self._arguments)
        if not others:
            return newest
        return next((app for app in (newest, *others) if task in app.tasks), newest)

    def _meter(self, app: Celery) -> Meter | None:
        if app not in self._meters and app in self._arguments:
            self._meters.setdefault(app, _made(app, self._arguments[app]))
        return self._meters.get(app)


def _made(app: Celery, arguments: Mapping[str, object]) -> Meter | None:
    try:
        return Meter(app, resolve(arguments, app.conf, os.environ))
    except SettingError:
        logging.getLogger("celeryscope").exception("celeryscope sends nothing for %r", app)
        return None


def _remember(cache: dict[object, Kind | None], key: object, kind: Kind | None) -> None:
    if len(cache) >= _MAX_KINDS:
        cache.clear()
    cache[key] = kind


_PROCESS = Instrumentation()
