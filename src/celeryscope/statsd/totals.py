"""What the server said of itself with its flushes, summed since its start."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import OWN

_PREFIX = f"{OWN}."
_PACKETS = f"{_PREFIX}packets"
# Clients say things under the same prefix, as many as they like.
_MAX_NAMES = 1000
_BAD_LINES = f"{_PREFIX}bad_lines."


@dataclass(frozen=True, slots=True)
class Totals:
    """Own counters summed, own gauges as of the last flush, by their whole names.

    `last_message` is when the last interval in which a datagram came was flushed (Unix time).
    """

    last_message: float
    counters: Mapping[str, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)

    @property
    def bad_lines(self) -> float:
        """Return the bad lines of all reasons."""
        return sum(n for name, n in self.counters.items() if name.startswith(_BAD_LINES))

    def plus(self, flush: Flush, now: float) -> "Totals":
        """Return the totals after one more flush."""
        counters = defaultdict(float, self.counters)
        for name, value in _own(flush.counters).items():
            if name in counters or len(counters) < _MAX_NAMES:
                counters[name] += value
        came = flush.counters.get(_PACKETS, 0.0) > 0
        last_message = now if came else self.last_message
        return Totals(last_message, dict(counters), _own(flush.gauges))


def _own(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name.startswith(_PREFIX)}
