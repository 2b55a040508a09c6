"""What the server says of itself, summed since its start."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from celeryscope.metrics import OWN

# Clients say things under the same prefix, as many as they like.
_MAX_NAMES = 1000
_PACKETS = "packets"
_BAD_LINES = "bad_lines."


@dataclass(frozen=True, slots=True)
class Totals:
    """Own counters summed, own gauges as of the last flush, by their names under the prefix.

    `last_message` is when a datagram was last known to have come (Unix time), to an interval.
    """

    last_message: float
    counters: dict[str, float] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)

    @property
    def bad_lines(self) -> float:
        """Return the bad lines of all reasons."""
        return sum(n for name, n in self.counters.items() if name.startswith(_BAD_LINES))

    def plus(
        self,
        counters: Mapping[str, float],
        now: float,
        gauges: Mapping[str, float] | None = None,
    ) -> "Totals":
        """Return the totals with an interval's own numbers, told from all others by their names.

        Without `gauges` they stay as they are.
        """
        summed, new = defaultdict(float, self.counters), own(counters)
        for name, value in new.items():
            if name in summed or len(summed) < _MAX_NAMES:
                summed[name] += value
        came = new.get(_PACKETS, 0.0) > 0
        last = now if came else self.last_message
        return Totals(last, dict(summed), self.gauges if gauges is None else own(gauges))


def own(values: Mapping[str, float]) -> dict[str, float]:
    """Return the server's own values among others, by their names under the prefix."""
    return {name.removeprefix(OWN): value for name, value in values.items() if name.startswith(OWN)}
