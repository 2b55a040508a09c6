"""Numbers as people read them: `19.1 /s`, `1.24 %`, `312 ms`, `9 h 41 m`."""

import math
from bisect import bisect_right
from dataclasses import dataclass

_MS, _S, _M, _H, _D = 1.0, 1e3, 60e3, 3600e3, 86400e3
_ENOUGH_UNITS = 10
_THREE_DIGITS = (9.995, 99.95)
_MILLISECONDS = (0.995, 9.95)
_PERCENT = (9.995, math.inf)
_SHOWN_AS_ZERO = 0.00005
_SPANS = (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
NOTHING = "\u2013"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in words and its unit, which is empty where the number says it."""

    number: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class RateUnit:
    """A unit for rates: `factor` times a rate per second gives the number."""

    factor: float
    text: str


_RATE_UNITS = (RateUnit(1, "/s"), RateUnit(60, "/min"), RateUnit(3600, "/h"))


def rate_unit(per_second: float) -> RateUnit:
    """Choose the unit that gives `per_second` at least one digit before the point."""
    fitting = (unit for unit in _RATE_UNITS if per_second * unit.factor >= 1)
    return next(fitting, _RATE_UNITS[-1] if per_second > 0 else _RATE_UNITS[0])


def rate(per_second: float) -> Quantity:
    if math.isnan(per_second):
        return Quantity(NOTHING)
    unit = rate_unit(per_second)
    return Quantity(three_digits(per_second * unit.factor), unit.text)


def percent(ratio: float) -> Quantity:
    """Format a share between 0 and 1."""
    if math.isnan(ratio):
        return Quantity(NOTHING)
    if 0 < ratio < _SHOWN_AS_ZERO:
        return Quantity("< 0.01", "%")
    return Quantity(_shortened(ratio * 100, _PERCENT), "%")


def duration(milliseconds: float) -> Quantity:
    """Format a time in the largest unit of which there is at least one."""
    if math.isnan(milliseconds):
        return Quantity(NOTHING)
    if milliseconds < 999.5 * _MS:
        return Quantity(_shortened(milliseconds, _MILLISECONDS), "ms")
    if milliseconds < 59.95 * _S:
        return Quantity(three_digits(milliseconds / _S), "s")
    if milliseconds < 9.95 * _M:
        return Quantity(f"{milliseconds / _M:.1f}", "m")
    return _two_units(round(milliseconds / _M))


def count(number: float) -> str:
    return NOTHING if math.isnan(number) else f"{number:,.0f}"


def plain(number: float) -> str:
    """Write a number of any kind: whole ones in full, others with three digits."""
    return count(number) if number == int(number) else three_digits(number)


def three_digits(number: float) -> str:
    """Return a positive number with three digits, or all of those before its point."""
    return _shortened(number, _THREE_DIGITS)


def span(seconds: float) -> str:
    """Say a span in words, in the largest unit that fits well: `6 hours`, `90 minutes`."""
    seconds = max(round(seconds), 1)
    exact = (unit for unit in _SPANS if seconds >= unit[1] and seconds % unit[1] == 0)
    near = (unit for unit in _SPANS if seconds >= _ENOUGH_UNITS * unit[1])
    name, size = next(exact) if seconds % 60 == 0 else next(near, _SPANS[-1])
    number = round(seconds / size)
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _shortened(number: float, limits: tuple[float, ...]) -> str:
    """Write a number with as many decimals as there are limits above it."""
    return f"{number:,.{len(limits) - bisect_right(limits, number)}f}"


def _two_units(minutes: int) -> Quantity:
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return Quantity(f"{days} d {hours}", "h")
    return Quantity(f"{hours} h {minutes}", "m") if hours else Quantity(str(minutes), "m")
