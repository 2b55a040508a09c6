"""One server process: what it is made of, and the order in which that starts and stops."""

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Protocol

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from celeryscope import __version__
from celeryscope.access.entrance import entrance
from celeryscope.address import Address, Endpoint
from celeryscope.flush import Flush
from celeryscope.graphite.budget import Limits
from celeryscope.graphite.routes import routes as graphite_routes
from celeryscope.metrics import Kind
from celeryscope.outputs.prometheus.routes import routes as prometheus_routes
from celeryscope.server.bindings import (
    StartError,
    bind_admin,
    bind_http,
    bind_listeners,
    refuse_loops,
)
from celeryscope.server.doors import CarbonDoors
from celeryscope.server.entrance import refuse_ambiguous_root, rules_of, warn_of_strangers
from celeryscope.server.outputs import Outputs, naming_of
from celeryscope.server.signals import ended_by_signals
from celeryscope.server.storage import Storage
from celeryscope.server.systemd import Manager
from celeryscope.server.webserver import WebServer
from celeryscope.settings import Settings, option_name, written
from celeryscope.statsd.admin import Admin
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.flusher import Flusher
from celeryscope.statsd.reserved import reserved_names
from celeryscope.web import serverpage
from celeryscope.web.live import FlushEvent, LiveFeed
from celeryscope.web.routes import routes as web_routes
from celeryscope.web.status import BadLine, Status

_LOGGER = logging.getLogger(__name__)


class _Part(Protocol):
    def start(self) -> None: ...


class Server:
    """One server process, its sockets bound and its store open from the beginning."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """Bind the sockets and open the store.

        Raises:
            StartError: The settings contradict each other, or an address or the data folder
                cannot be used.
        """
        _refuse_doors_without_store(settings)
        self._rules = rules_of(settings)
        self._settings = settings
        self._clock = clock
        self._feed = LiveFeed()
        self._outputs = Outputs(settings)
        self._manager = Manager(os.environ)
        with ExitStack() as undo:
            self._http = bind_http(settings.http)
            undo.callback(self._http.close)
            self._bound = bind_listeners(settings.statsd, self._manager)
            for bound in self._bound:
                undo.callback(bound.listener.close)
            refuse_loops(self._bound, settings.repeater)
            self._storage = self._open_storage()
            if self._storage:
                undo.callback(self._storage.close)
            self._doors = self._open_doors()
            if self._doors:
                undo.callback(self._doors.close)
            self._flusher = self._make_flusher()
            self._admin = Admin(self._flusher, _shown(settings), clock)
            self._admin_port = bind_admin(settings.admin, self._admin) if settings.admin else None
            if self._admin_port:
                undo.callback(self._admin_port.close)
            self._status = self._make_status()
            self._web = WebServer(self._feed, self._app(self._routes()))
            undo.pop_all()

    @property
    def url(self) -> str:
        host, port = self._http.getsockname()[:2]
        return f"http://{Address(host, port)}"

    @property
    def statsd(self) -> Endpoint:
        """Return where an app is told to send to: the first of all endpoints."""
        return self._bound[0].endpoint

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; then flush, store, hand on and close."""
        with ended_by_signals(self.stop):
            self._run()

    def _run(self) -> None:
        for part in self._parts():
            part.start()
        # What is there by now stays: the collector need not look at it while datagrams wait.
        gc.collect()
        gc.freeze()
        self._tell_where()
        warn_of_strangers(self._settings, self._rules)
        self._manager.ready()
        try:
            self._web.run(sockets=[self._http])
        finally:
            self._stop()
            # What is frozen is not freed at the end of the process, and DuckDB says so on stderr.
            gc.unfreeze()

    def stop(self) -> None:
        """Make `run` return; may be called from any thread."""
        self._web.end()

    def _parts(self) -> Iterator[_Part]:
        """Yield what has a thread: first whatever takes, then whatever gives."""
        if self._storage:
            yield self._storage
        if self._doors:
            yield self._doors
        yield self._outputs
        yield from (bound.listener for bound in self._bound)
        yield self._flusher
        if self._admin_port:
            yield self._admin_port

    def _stop(self) -> None:
        """End what receives first, so that all of it is flushed, and all flushes are handed on."""
        self._manager.stopping()
        with ExitStack() as last_first:
            last_first.callback(self._http.close)
            if self._storage:
                last_first.callback(self._storage.stop)
            if self._doors:
                last_first.callback(self._doors.stop)
            last_first.callback(self._outputs.stop)
            if self._admin_port:
                last_first.callback(self._admin_port.stop)
            last_first.callback(self._flusher.stop)
            for bound in self._bound:
                last_first.callback(bound.listener.stop)

    def _open_storage(self) -> Storage | None:
        if not self._settings.store:
            return None
        return Storage(self._settings, self.url, self._committed, self._clock)

    def _open_doors(self) -> CarbonDoors | None:
        settings = self._settings
        if self._storage is None or not _has_doors(settings):
            return None
        return CarbonDoors(settings, self._storage.store, self._clock)

    def _make_flusher(self) -> Flusher:
        settings = self._settings
        return Flusher(
            [bound.listener for bound in self._bound],
            Aggregator(
                0.0 if Kind.GAUGE in settings.delete_idle else settings.gauge_ttl,
                settings.max_series,
                settings.max_new_series,
                sanitise_names=settings.sanitise_names,
                reserved=reserved_names(settings.prefix_stats),
                clock=self._clock,
            ),
            settings.flush_interval,
            self._hand_on,
            own=self,
            clock=self._clock,
            repeat=self._outputs.put_datagrams,
        )

    def _make_status(self) -> Status:
        return Status(
            listens=self._listens(),
            hands_on_to=self._outputs.targets,
            bad_lines=self._bad_lines,
            clock=self._clock,
        )

    def _routes(self) -> list[BaseRoute]:
        routes = prometheus_routes(self._outputs.prometheus) if self._outputs.prometheus else []
        if self._storage is None:
            return [*routes, *serverpage.edge_routes(self._status)]
        settings, store = self._settings, self._storage.store
        limits = Limits(settings.max_query_time, settings.max_query_values, settings.max_queries)
        return [
            *routes,
            *serverpage.routes(self._status),
            *graphite_routes(store, self._clock, settings.percentiles, naming_of(settings), limits),
            *web_routes(
                store,
                self._feed,
                self._clock,
                settings.prefix,
                settings.layout,
                self.statsd,
                limits,
            ),
        ]

    def _app(self, routes: Sequence[BaseRoute]) -> ASGIApp:
        refuse_ambiguous_root(self._rules.root_path, routes)
        return entrance(Starlette(routes=routes), self._rules, self.not_ready)

    def not_ready(self) -> list[str]:
        """Return a word for each reason why others should wait for this server."""
        receivers = [bound.listener.is_receiving for bound in self._bound]
        is_well = {
            "stopping": not self._web.should_exit,
            "receiver": self._flusher.is_turning and all(receivers),
            "store": self._storage is None or self._storage.takes_flushes,
        }
        return [word for word, well in is_well.items() if not well]

    def counters(self) -> Mapping[str, int]:
        """Return what the parts counted since the last flush."""
        stored = self._storage.counters() if self._storage else {}
        received = self._doors.counters() if self._doors else {}
        return {**stored, **received, **self._outputs.counters()}

    def gauges(self) -> Mapping[str, float]:
        """Return what the parts have to say of how they are."""
        stored = self._storage.gauges() if self._storage else {}
        waiting = self._doors.gauges() if self._doors else {}
        return {**stored, **waiting, **self._outputs.gauges()}

    def _hand_on(self, flush: Flush) -> None:
        if self._storage:
            self._storage.put(flush)
        self._status.put(flush)
        self._admin.put(flush)
        self._outputs.put(flush)

    def _bad_lines(self) -> Sequence[BadLine]:
        with self._flusher.paused() as aggregator:
            found = aggregator.bad_lines()
        return [*(self._doors.bad_lines() if self._doors else []), *found]

    def _listens(self) -> list[str]:
        return [
            *(str(bound.endpoint) for bound in self._bound),
            *(self._doors.addresses if self._doors else []),
        ]

    def _committed(self, flush: Flush) -> None:
        self._feed.publish(FlushEvent(flush.start, flush.seconds))

    def _tell_where(self) -> None:
        _LOGGER.info(
            "celeryscope %s: pages on %s, StatsD on %s, admin port on %s, %s",
            __version__,
            self.url + self._rules.root_path,
            ", ".join(str(bound.listener) for bound in self._bound),
            self._admin_port.address if self._admin_port else "none",
            f"data in {self._settings.data}" if self._storage else "no store",
        )


def _has_doors(settings: Settings) -> bool:
    return settings.carbon_line is not None or settings.carbon_pickle is not None


def _refuse_doors_without_store(settings: Settings) -> None:
    if _has_doors(settings) and not settings.store:
        raise StartError(
            "carbon_line and carbon_pickle bring points to the store, and there is none; "
            f"allowed is off, or {option_name('store')}"
        )


def _shown(settings: Settings) -> Mapping[str, str]:
    return {key: written(key, getattr(settings, key)) for key in Settings.model_fields}
