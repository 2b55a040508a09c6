"""From when on a store's past may still change."""

from threading import Lock

from celeryscope.store.protocol import Settled


class Settling:
    """Follows what is written; flushes come in order, but for late ones, which change the past."""

    def __init__(self, until: float) -> None:
        self._lock = Lock()
        self._settled = Settled(until, 0)

    def now(self) -> Settled:
        return self._settled

    def wrote(self, start: float) -> None:
        """Note a flush that began at `start`, once it is visible to readers."""
        with self._lock:
            before = self._settled
            late = start < before.until
            self._settled = Settled(max(start, before.until), before.version + late)
