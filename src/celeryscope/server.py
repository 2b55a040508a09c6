"""The composition root: wires receiver, store, API and pages, starts and stops them."""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from celeryscope import __version__
from celeryscope.address import Address
from celeryscope.flush import Flush
from celeryscope.graphite.routes import routes as graphite_routes
from celeryscope.settings import Settings, option_name
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.flusher import Flusher
from celeryscope.statsd.listeners import UdpListener
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import StoreError
from celeryscope.store.writer import StoreWriter
from celeryscope.web.live import FlushEvent, LiveFeed
from celeryscope.web.routes import routes as web_routes

_LOGGER = logging.getLogger(__name__)
_GRACE_SECONDS = 2
_BACKLOG = 128


class StartError(Exception):
    """The server cannot start; the message names the setting, its value and what to do."""


class Server:
    """One server process, its sockets bound and its store open from the beginning."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """Bind the sockets and open the store.

        Raises:
            StartError: An address or the data folder cannot be used.
        """
        with ExitStack() as undo:
            self._http = _bind_http(settings.http)
            undo.callback(self._http.close)
            self._listener = _bind_statsd(settings.statsd)
            undo.callback(self._listener.close)
            self._store = _open_store(settings, self.url, clock)
            undo.pop_all()
        self._data = settings.data
        self._feed = LiveFeed()
        self._writer = StoreWriter(self._store, self._committed)
        self._flusher = Flusher(
            self._listener,
            Aggregator(),
            settings.flush_interval,
            lambda flush: self._writer.put(flush.summary()),
            own=_OwnNumbers(self._store, self._writer),
            clock=clock,
        )
        self._uvicorn = _Uvicorn(self._feed, self._app(settings, clock))

    @property
    def url(self) -> str:
        host, port = self._http.getsockname()[:2]
        return f"http://{Address(host, port)}"

    @property
    def statsd(self) -> Address:
        return self._listener.address

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; then flush, store and close."""
        self._writer.start()
        self._listener.start()
        self._flusher.start()
        _LOGGER.info(
            "celeryscope %s: pages on %s, StatsD on udp %s, data in %s",
            __version__,
            self.url,
            self.statsd,
            self._data,
        )
        try:
            self._uvicorn.run(sockets=[self._http])
        finally:
            self._listener.stop()
            self._flusher.stop()
            self._writer.stop()
            self._store.close()
            self._http.close()

    def stop(self) -> None:
        """Make `run` return; may be called from any thread."""
        self._uvicorn.end()

    def _app(self, settings: Settings, clock: Callable[[], float]) -> Starlette:
        return Starlette(
            routes=[
                *graphite_routes(self._store, clock, settings.percentiles),
                *web_routes(
                    self._store, self._feed, clock, settings.prefix, settings.layout, self.statsd
                ),
            ]
        )

    def _committed(self, flush: Flush) -> None:
        self._feed.publish(FlushEvent(flush.start, flush.seconds))


class _OwnNumbers:
    def __init__(self, store: DuckDBStore, writer: StoreWriter) -> None:
        self._store = store
        self._writer = writer

    def gauges(self) -> Mapping[str, float]:
        return {
            "series": float(self._store.series_count),
            "flush.duration": self._writer.last_duration_ms,
        }

    def counters(self) -> Mapping[str, int]:
        return {"flush.dropped": self._writer.take_drops()}


class _Uvicorn(uvicorn.Server):
    """Uvicorn that ends the live streams first, since it waits for open requests.

    A signal only ends serving: raised again, as uvicorn does, it would end the process before
    the last flush is stored.
    """

    def __init__(self, feed: LiveFeed, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._feed = feed

    def end(self) -> None:
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self.end()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feed.close()
        await super().shutdown(sockets)


def _bind_http(address: Address) -> socket.socket:
    try:
        return socket.create_server(
            (address.host, address.port), family=address.family, backlog=_BACKLOG
        )
    except OSError as error:
        raise StartError(_unusable("http", address, error)) from error


def _bind_statsd(address: Address) -> UdpListener:
    try:
        return UdpListener(address)
    except OSError as error:
        raise StartError(_unusable("statsd", address, error)) from error


def _unusable(key: str, address: Address, error: OSError) -> str:
    return (
        f"{key} = '{address}' cannot be listened on ({_reason(error)}); "
        f"allowed is a free address of this machine, as in {option_name(key)} 127.0.0.1:0"
    )


def _reason(error: OSError) -> str:
    """Return the system's own words, without the address that the library adds."""
    if error.errno is None or error.errno < 0:  # a resolver's code, of which strerror knows none
        return str(error.strerror or error).partition(" (while ")[0]
    return os.strerror(error.errno)


def _open_store(settings: Settings, url: str, clock: Callable[[], float]) -> DuckDBStore:
    try:
        return DuckDBStore.open(Path(settings.data), settings.retentions, clock, url)
    except StoreError as error:
        raise StartError(str(error)) from error
