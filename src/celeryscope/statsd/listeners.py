"""What the flusher asks of a listener, whatever transport it listens on."""

from collections.abc import Mapping
from math import inf
from typing import Protocol

from celeryscope.statsd.batch import Batch


class Listener(Protocol):
    """Receives from its start to its stop, on a thread of its own."""

    @property
    def waiting(self) -> int:
        """How many datagrams wait to be taken."""

    @property
    def is_receiving(self) -> bool:
        """Whether its thread lives, and the last receive worked."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Stop receiving and free the address; what came until now can still be taken."""

    def close(self) -> None:
        """Free the address; `stop` does it for a listener that was started."""

    def take(self, until: float = inf) -> Batch:
        """Return what came since the last call and before a time, in its order."""

    def oldest(self) -> float | None:
        """Return when the first of those that wait came, or None."""

    def take_drops(self) -> Mapping[str, int]:
        """Return what was lost since the last call, by the place where it was."""
