"""Celery's signals, turned into datagrams."""

import atexit
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from time import time
from typing import Any

from celery import Celery, Task, signals
from kombu import Exchange

from celeryscope.naming import Layout
from celeryscope.worker.beat import Beat
from celeryscope.worker.cuts import Cut, cut_by
from celeryscope.worker.faults import FAULT
from celeryscope.worker.kinds import Kinds, RunKind
from celeryscope.worker.log import log
from celeryscope.worker.meter import Sink
from celeryscope.worker.names import NamesHook
from celeryscope.worker.pulse import Pulse, pulse_step
from celeryscope.worker.running import Running
from celeryscope.worker.settings import resolve
from celeryscope.worker.styles import Style
from celeryscope.worker.supervisor import Supervisor
from celeryscope.worker.wait import PUBLISHED, wait_ms


def instrument(
    app: Celery,
    *,
    statsd: str | None = None,
    prefix: str | None = None,
    layout: Layout | str | None = None,
    style: Style | str | None = None,
    names: NamesHook | str | None = None,
    max_names: int | None = None,
    builtin_tasks: bool | None = None,
) -> None:
    """Send what `app`'s tasks do to a StatsD server, from every process that runs or calls them.

    Each argument that is left out comes from `app.conf.celeryscope_<name>`, else from the
    environment variable `CELERYSCOPE_<NAME>`, else it is `127.0.0.1:8125`, `celery`, `levels`,
    `dotted`, no hook, 1000 and False. All are read again when the app's first task or message
    shows up, so that `app` may be configured after this call. Calling it again replaces the
    arguments.

    Safe in pools of processes and threads: each process opens a socket of its own, a thread of
    ours lives only while a name is looked up or a connection is being opened or is full, and
    nothing is ever raised into a task.

    Args:
        app: the Celery app.
        statsd: the server's `HOST:PORT` or `[IPV6]:PORT`, also after `udp://` or `tcp://`; or
            `unix:///PATH` of a datagram socket.
        prefix: the path before all names; may be empty.
        layout: `levels` or `dotted`, how a task's name becomes a path.
        style: `dotted`, or `dogstatsd`, `influx` or `graphite` for names in tags.
        names: maps a task's name to the one to count it under, or to None to leave it out.
        max_names: how many task names a process counts; all others count as `other`.
        builtin_tasks: also count tasks whose names start with `celery.`.

    Raises:
        SettingError: a value known by now is not allowed.
    """
    arguments = {
        "statsd": statsd,
        "prefix": prefix,
        "layout": layout,
        "style": style,
        "names": names,
        "max_names": max_names,
        "builtin_tasks": builtin_tasks,
    }
    _PROCESS.add(app, arguments)


def instrument_unless_done(app: Celery) -> None:
    """Instrument an app for which nobody has called `instrument` yet."""
    if not _PROCESS.kinds.counts(app):
        _PROCESS.add(app, {})


def instrument_all(arguments: Mapping[str, object]) -> None:
    """Instrument every app that runs or sends a task in this process, unless done by `instrument`.

    Raises:
        SettingError: a value in the arguments or the environment is not allowed.
    """
    _PROCESS.add_others(arguments)


@contextmanager
def captured(app: Celery, sink: Sink) -> Iterator[None]:
    """Send to `sink` what `app`'s tasks do in this process, for as long as the context lasts."""
    known = _PROCESS.kinds.counts(app)
    instrument_unless_done(app)
    try:
        with _PROCESS.kinds.captured(app, sink):
            yield
    finally:
        if not known:
            _PROCESS.kinds.remove(app)


class Instrumentation:
    """One process's signal handlers, shared by all of its instrumented apps."""

    def __init__(self) -> None:
        self.kinds = Kinds()
        self._running: Running[RunKind] = Running()
        self._supervisor = Supervisor(self.kinds, self._running)
        self._pulse = Pulse(self.kinds, self._supervisor.received)
        self._pulse_step = pulse_step(self._pulse)
        self._beat = Beat(self.kinds)
        self._worker_pid: int | None = None
        self._connected = False

    def add(self, app: Celery, arguments: Mapping[str, object]) -> None:
        # Reading the conf of an app that has none yet would load it too early.
        resolve(arguments, app.conf if getattr(app, "configured", False) else {}, os.environ)
        self.kinds.add(app, arguments)
        self._connect()

    def add_others(self, arguments: Mapping[str, object]) -> None:
        resolve(arguments, {}, os.environ)
        self.kinds.add_others(arguments)
        self._connect()

    def on_worker_init(self, sender: object, **_: object) -> None:
        """Read the settings as a worker starts, so that a bad one is said once, and early."""
        self._worker_pid = os.getpid()
        app = getattr(sender, "app", None)
        if app is not None and self.kinds.meter(app) is not None:
            app.steps["consumer"].add(self._pulse_step)

    def on_prerun(self, task_id: str, task: "Task[Any, Any]", **_: object) -> None:
        try:
            request = vars(task.request)
            kind = self.kinds.of_run(task, request)
            if kind is not None:
                kind.send(kind.datagrams.start(wait_ms(request, time())))
                self._running.start(task_id, kind)
        except Exception:
            log.exception(FAULT)

    def on_postrun(self, task_id: str, state: str | None, retval: object, **_: object) -> None:
        try:
            run = self._running.end(task_id)
            if run is not None:
                kind, seconds = run
                if state is None:
                    self._cut_short(task_id, kind, seconds * 1000)
                else:
                    kind.send(kind.datagrams.end(state, retval, seconds * 1000))
        except Exception:
            log.exception(FAULT)

    def on_before_publish(self, headers: MutableMapping[str, object], **_: object) -> None:
        try:
            # A retry's message comes with the header of the one before.
            headers[PUBLISHED] = time()
        except Exception:
            log.exception(FAULT)

    def on_after_publish(
        self, sender: str, exchange: Exchange | str | None, routing_key: str | None, **_: object
    ) -> None:
        try:
            name = exchange.name if isinstance(exchange, Exchange) else exchange
            kind = self.kinds.of_message(sender, name, routing_key)
            if kind is not None:
                kind.send(kind.published)
        except Exception:
            log.exception(FAULT)

    def on_process_end(self, **_: object) -> None:
        self.kinds.finish()

    def on_worker_end(self, **_: object) -> None:
        self._pulse.end()

    def on_exit(self) -> None:
        # A cold shutdown sends no worker_shutdown.
        if self._worker_pid == os.getpid():
            self._pulse.end()
        self.kinds.finish()

    def _cut_short(self, task_id: str, kind: RunKind, runtime_ms: float) -> None:
        in_pool_process = self._worker_pid not in (None, os.getpid())
        cut = cut_by(sys.exc_info()[1], in_pool_process=in_pool_process)
        if cut is Cut.TIMED_OUT:
            self._supervisor.end(task_id)
        kind.send(kind.datagrams.cut(cut, runtime_ms))

    def _connect(self) -> None:
        if self._connected:
            return
        self._connected = True
        supervisor = self._supervisor
        for signal, handler in (
            (signals.task_prerun, self.on_prerun),
            (signals.task_postrun, self.on_postrun),
            (signals.before_task_publish, self.on_before_publish),
            (signals.after_task_publish, self.on_after_publish),
            (signals.task_received, supervisor.on_received),
            (signals.task_failure, supervisor.on_failure),
            (signals.task_retry, supervisor.on_retry),
            (signals.task_revoked, supervisor.on_revoked),
            (signals.task_unknown, supervisor.on_unknown),
            (signals.worker_init, self.on_worker_init),
            (signals.worker_process_shutdown, self.on_process_end),
            (signals.worker_shutdown, self.on_worker_end),
            (signals.beat_init, self._beat.on_init),
        ):
            uid = f"celeryscope.{handler.__name__}"
            signal.connect(handler, weak=False, dispatch_uid=uid)
        # Children of the prefork pool leave without it; they have worker_process_shutdown.
        atexit.register(self.on_exit)
        os.register_at_fork(after_in_child=supervisor.received.forget)
        os.register_at_fork(after_in_child=self._running.forget)


_PROCESS = Instrumentation()
