"""The store with the thread that fills it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from celeryscope.flush import Flush
from celeryscope.server.bindings import StartError
from celeryscope.settings import Settings
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.protocol import StoreError
from celeryscope.store.writer import StoreWriter

# Two are usual while the store tidies up.
_MAX_WAITING = 6


class Storage:
    """Stores flushes; `committed` is called with each that is durable."""

    def __init__(
        self,
        settings: Settings,
        owner: str,
        committed: Callable[[Flush], None],
        clock: Callable[[], float],
    ) -> None:
        """Open the store; `owner` is told to a second comer.

        Raises:
            StartError: The folder cannot be used, or the store in it cannot be read.
        """
        try:
            self.store = DuckDBStore.open(
                Path(settings.data),
                settings.retentions,
                clock,
                owner,
                schemas=settings.storage_schemas.rules,
                rules=settings.storage_aggregation.rules,
            )
        except StoreError as error:
            raise StartError(str(error)) from error
        self._writer = StoreWriter(self.store, committed)

    def start(self) -> None:
        self._writer.start()

    def put(self, flush: Flush) -> None:
        self._writer.put(flush.summary())

    @property
    def takes_flushes(self) -> bool:
        """Whether the store keeps up: no flush failed, and few wait."""
        return not self._writer.failing and self._writer.waiting <= _MAX_WAITING

    def counters(self) -> Mapping[str, int]:
        return {"flush.dropped": self._writer.take_drops()}

    def gauges(self) -> Mapping[str, float]:
        return {
            "series": float(self.store.series_count),
            "flush.duration": self._writer.last_duration_ms,
            "flush.queue": float(self._writer.waiting),
        }

    def stop(self) -> None:
        """Store what waits and close the store."""
        self._writer.stop()
        self.store.close()

    def close(self) -> None:
        """Close a store whose writer was not started."""
        self.store.close()
