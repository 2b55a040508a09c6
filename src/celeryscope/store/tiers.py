"""Retentions: `10s:2d,1m:30d,10m:2y` keeps 10 s steps for two days, and so on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_DURATION = re.compile(r"(\d+)\s*([smhdwy])\Z")
_LONGEST = 60 * _UNITS["y"]  # from 1970 to today, and steps of it are 32-bit numbers
DURATION_HELP = "a number with a unit: s, m, h, d, w or y, as in 10s"


@dataclass(frozen=True, slots=True)
class Tier:
    """Steps of `step` seconds, kept for `retention` seconds."""

    step: int
    retention: int

    def floor(self, timestamp: float) -> int:
        """Return the start of the step that holds `timestamp`."""
        return int(timestamp // self.step) * self.step

    def ceil(self, timestamp: float) -> int:
        """Return the start of the first step that begins at or after `timestamp`."""
        return -self.floor(-timestamp)


def parse_duration(text: str) -> int:
    """Return a duration such as `10s` or `2y` in seconds.

    Raises:
        ValueError: It is not a positive number with one of the units.
    """
    match = _DURATION.match(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a duration; allowed is {DURATION_HELP}")
    return int(match[1]) * _UNITS[match[2]]


def parse_retentions(text: str) -> tuple[Tier, ...]:
    """Return the tiers of a list such as `10s:2d,1m:30d`, finest first.

    Raises:
        ValueError: It does not parse, or a tier cannot be rolled up from the one before.
    """
    return checked(_parse_tier(part) for part in text.split(","))


def checked(parts: Iterable[Tier]) -> tuple[Tier, ...]:
    """Return tiers once each can be rolled up from the one before.

    Raises:
        ValueError: One cannot.
    """
    tiers = tuple(parts)
    for tier in tiers:
        if tier.retention < tier.step:
            raise ValueError(
                f"'{format_duration(tier.step)}:{format_duration(tier.retention)}' "
                "keeps less than one step"
            )
        if tier.retention > _LONGEST:
            raise ValueError(
                f"step {format_duration(tier.step)} is kept too long; allowed is at most "
                f"{format_duration(_LONGEST)}"
            )
    for finer, coarser in pairwise(tiers):
        _check_order(finer, coarser)
    return tiers


def format_duration(seconds: int) -> str:
    """Return seconds in the largest unit that divides them."""
    unit = next(unit for unit in reversed(_UNITS) if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _parse_tier(part: str) -> Tier:
    step, colon, retention = part.partition(":")
    if not colon:
        raise ValueError(f"{part!r} is not STEP:RETENTION, as in 10s:2d")
    return Tier(parse_duration(step), parse_duration(retention))


def _check_order(finer: Tier, coarser: Tier) -> None:
    name, before = format_duration(coarser.step), format_duration(finer.step)
    if coarser.step <= finer.step or coarser.step % finer.step:
        raise ValueError(f"step {name} must be a larger multiple of the step before it, {before}")
    if coarser.retention <= finer.retention:
        raise ValueError(f"step {name} must be kept longer than the step before it, {before}")
    if finer.retention < coarser.step:
        raise ValueError(f"step {before} must be kept for at least one step of {name}")
