"""Gauges, which outlive the interval that wrote them."""

from dataclasses import dataclass

from celeryscope.statsd.protocol import Reason, parse_number


@dataclass(slots=True)
class _Gauge:
    value: float = 0.0
    age: float = 0.0


class Gauges:
    """Last values by name, at most `limit`; one not written for `ttl` seconds is forgotten."""

    def __init__(self, ttl: float, limit: int) -> None:
        self._ttl = ttl
        self._limit = limit
        self._gauges: dict[str, _Gauge] = {}

    def write(self, name: str, text: bytes) -> Reason | None:
        """Set a gauge, or return why not; a signed value moves one that is not 0, as in node."""
        number = parse_number(text)
        if number is None:
            return Reason.VALUE
        gauge = self._gauges.get(name)
        if gauge is None:
            if len(self._gauges) >= self._limit:
                return Reason.LIMIT
            gauge = self._gauges[name] = _Gauge()
        moves = gauge.value and text.startswith((b"+", b"-"))
        gauge.value = gauge.value + number if moves else number
        gauge.age = 0.0
        return None

    def age(self, seconds: float) -> None:
        """Let time pass."""
        for gauge in self._gauges.values():
            gauge.age += seconds
        self._gauges = {name: g for name, g in self._gauges.items() if g.age < self._ttl}

    def values(self) -> dict[str, float]:
        return {name: gauge.value for name, gauge in self._gauges.items()}
