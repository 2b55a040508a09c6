"""What the server asks of an output, whatever stands behind it."""

from collections.abc import Mapping
from typing import Protocol

from celeryscope.flush import Flush


class Output(Protocol):
    """Hands flushes on, on a thread of its own where that may take time.

    `put` neither blocks nor raises. What an output says of itself goes under `celeryscope.` with
    each flush: `counters` since the last call, `gauges` as they are.
    """

    def start(self) -> None: ...

    def put(self, flush: Flush) -> None: ...

    def counters(self) -> Mapping[str, int]: ...

    def gauges(self) -> Mapping[str, float]: ...

    def stop(self) -> None:
        """Hand on what waits, within a few seconds, and end."""
