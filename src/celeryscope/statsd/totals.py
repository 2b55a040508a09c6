"""What the server says of itself, summed since its start."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from celeryscope.statsd.aggregate import OWN

_PREFIX = f"{OWN}."
_PACKETS = f"{_PREFIX}packets"
# Clients say things under the same prefix, as many as they like.
_MAX_NAMES = 1000
_BAD_LINES = f"{_PREFIX}bad_lines."


@dataclass(frozen=True, slots=True)
class Totals:
    """Own counters summed, own gauges as of the last flush, by their whole names.

    `last_message` is when a datagram was last known to have come (Unix time), to an interval.
    """

    last_message: float
    counters: Mapping[str, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)

    @property
    def bad_lines(self) -> float:
        """Return the bad lines of all reasons."""
        return sum(n for name, n in self.counters.items() if name.startswith(_BAD_LINES))

    def plus(
        self, counters: Mapping[str, float], gauges: Mapping[str, float], now: float
    ) -> "Totals":
        """Return the totals with those of one more interval, which are told from all others."""
        summed = defaultdict(float, self.counters)
        for name, value in _own(counters).items():
            if name in summed or len(summed) < _MAX_NAMES:
                summed[name] += value
        came = counters.get(_PACKETS, 0.0) > 0
        return Totals(now if came else self.last_message, dict(summed), _own(gauges))


def _own(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name.startswith(_PREFIX)}
