"""What an output says of itself: how much it handed on, and how much it lost."""

from collections.abc import Mapping
from threading import Lock


class Tally:
    """Counts of one output, in what it deals in; safe in threads."""

    def __init__(self, output: str) -> None:
        """Take the output's name: one path node."""
        self._output = output
        self._lock = Lock()
        self._sent = 0
        self._dropped = 0

    def count(self, sent: int = 0, dropped: int = 0) -> None:
        """Add to the counts; what was sent may turn out to be lost, and be taken off again."""
        with self._lock:
            self._sent += sent
            self._dropped += dropped

    def take(self) -> Mapping[str, int]:
        """Return what was counted since the last call, by name."""
        with self._lock:
            sent, dropped = max(self._sent, 0), self._dropped
            self._sent -= sent
            self._dropped = 0
        return {f"outputs.{self._output}.sent": sent, f"outputs.{self._output}.dropped": dropped}
