"""Flushes to carbon-cache, carbon-relay, go-carbon or VictoriaMetrics, by TCP."""

import logging
from collections.abc import Mapping, Sequence
from threading import Lock, Thread

from celeryscope.carbon import codec
from celeryscope.carbon.target import Target
from celeryscope.flush import Flush
from celeryscope.outputs.destination import Destination
from celeryscope.outputs.handover import HandOver
from celeryscope.outputs.points import Points, timestamp
from celeryscope.outputs.spool import Parcel
from celeryscope.outputs.unfinished import Unfinished

MAX_UNREAD = 60
"""Flushes that wait to be made into points; only a starved process has more than one."""
MAX_UNREAD_SERIES = 500_000
"""Series of all flushes that wait; a single flush may have more."""

_LOGGER = logging.getLogger(__name__)


class CarbonOutput:
    """Sends each flush to all targets; each has a buffer of `buffer_bytes` and outages of its own.

    Points are made once, on a thread that waits for no network. Of an interval in which the server
    was restarted `unfinished`, if there is one, has the first part.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        points: Points,
        buffer_bytes: int,
        max_unread_series: int = MAX_UNREAD_SERIES,
        unfinished: Unfinished | None = None,
    ) -> None:
        self._points = points
        self._destinations = [
            (target.pickled, Destination(target.address, buffer_bytes)) for target in targets
        ]
        self._unfinished = unfinished
        self._last: Flush | None = None
        self._max_unread_series = max_unread_series
        self._unread_series = 0
        self._lock = Lock()
        self._unread = HandOver("carbon-points", self._hand_on_all, MAX_UNREAD)

    def start(self) -> None:
        for _, destination in self._destinations:
            destination.start()
        self._unread.start()

    def put(self, flush: Flush) -> None:
        with self._lock:
            series = self._unread_series + flush.series
            fits = not self._unread_series or series <= self._max_unread_series
            fits = fits and self._unread.put([flush]) == 1
            self._unread_series += flush.series * fits
        if not fits:
            self._lost(flush)

    def counters(self) -> Mapping[str, int]:
        return {
            f"outputs.{destination.name}.{name}": amount
            for _, destination in self._destinations
            for name, amount in destination.take_counts().items()
        }

    def gauges(self) -> Mapping[str, float]:
        return {
            f"outputs.{destination.name}.queue": float(destination.waiting)
            for _, destination in self._destinations
        }

    def stop(self) -> None:
        if left := self._unread.stop():
            _LOGGER.warning("%d flushes were not made into points in time and are lost", left)
        if self._unfinished and self._last:
            self._unfinished.save(self._last)
        stopping = [Thread(target=destination.stop) for _, destination in self._destinations]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()

    def _hand_on_all(self, flushes: Sequence[Flush]) -> None:
        for flush in flushes:
            self._hand_on_and_live(flush)
            with self._lock:
                self._unread_series -= flush.series

    def _hand_on_and_live(self, flush: Flush) -> None:
        try:
            self._hand_on(flush)
        except Exception:
            _LOGGER.exception("a flush is not sent to Carbon")
            self._lost(flush)

    def _hand_on(self, flush: Flush) -> None:
        if self._unfinished:
            self._last = flush = self._unfinished.whole(flush)
        points, at = self._points.of(flush), timestamp(flush)
        encoded: dict[bool, Parcel] = {}
        for pickled, destination in self._destinations:
            if pickled not in encoded:
                encode = codec.pickles if pickled else codec.lines
                encoded[pickled] = Parcel(at, len(points), encode(points, at))
            destination.put(encoded[pickled])

    def _lost(self, flush: Flush) -> None:
        """Count a flush that never became points: one at least for each of its series."""
        for _, destination in self._destinations:
            destination.count_dropped(flush.series)
