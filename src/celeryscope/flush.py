"""All that one interval held: the one type that travels from `statsd` to `store` and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from celeryscope.sketch import Distribution
from celeryscope.timerset import TimerSet


@dataclass(frozen=True, slots=True)
class Flush:
    """One interval's values by series name.

    `start` is the interval's first second (Unix time), `seconds` its true length. Counters hold
    sums, gauges the last value, sets the number of distinct members.
    """

    start: float
    seconds: float
    counters: Mapping[str, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)
    sets: Mapping[str, float] = field(default_factory=dict)
    timers: Mapping[str, Distribution] = field(default_factory=dict)

    @property
    def series(self) -> int:
        """How many series it holds values of."""
        return sum(map(len, (self.counters, self.gauges, self.sets, self.timers)))

    def summary(self) -> Self:
        """Return it without the single samples of its timers, which take the most memory."""
        return replace(self, timers=TimerSet.of(self.timers).summary())
