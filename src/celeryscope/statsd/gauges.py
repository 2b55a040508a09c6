"""Gauges, which outlive the interval that wrote them."""

from dataclasses import dataclass

from celeryscope.statsd.bad_lines import Reason, Refused
from celeryscope.statsd.numbers import parse_numbers


@dataclass(slots=True)
class _Gauge:
    value: float = 0.0
    age: float = 0.0


class Gauges:
    """Last values by name, at most `limit`.

    One not written for `ttl` seconds is forgotten; without a `ttl`, none ever is.
    """

    def __init__(self, ttl: float | None, limit: int) -> None:
        self._ttl = ttl
        self._limit = limit
        self._gauges: dict[str, _Gauge] = {}
        self._written: set[str] = set()

    def write(self, name: str, texts: list[bytes]) -> Refused:
        """Set a gauge by each text in turn; a signed value moves one that is not 0, as in node."""
        numbers, bad = parse_numbers(texts)
        refused = [(text, Reason.VALUE) for text in bad]
        none = set(bad)
        good = [text for text in texts if text not in none]
        if not good:
            return refused
        gauge = self._gauges.get(name)
        if gauge is None:
            if len(self._gauges) >= self._limit:
                return refused + [(text, Reason.LIMIT) for text in good]
            gauge = self._gauges[name] = _Gauge()
        value = gauge.value
        for number, part in zip(numbers, b":".join(good).split(b":"), strict=True):
            value = value + number if value and part.startswith((b"+", b"-")) else number
        gauge.value = value
        gauge.age = 0.0
        self._written.add(name)
        return refused

    def forget(self, name: str) -> None:
        del self._gauges[name]

    def begin(self) -> None:
        """Begin an interval, in which none is written yet."""
        self._written.clear()

    def age(self, seconds: float) -> None:
        """Let an interval pass for those that have not been written in it."""
        for name in self._gauges.keys() - self._written:
            gauge = self._gauges[name]
            gauge.age += seconds
            if self._ttl is not None and gauge.age >= self._ttl:
                del self._gauges[name]

    def values(self) -> dict[str, float]:
        return {name: gauge.value for name, gauge in self._gauges.items()}
