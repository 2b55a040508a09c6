"""Where an answer differs from graphite-web's on purpose: one named rule for each reason."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One request: a target over [start, end), merged if `xff` is given with that share."""

    target: str
    start: int
    end: int
    xff: float | None = None

    @property
    def query(self) -> list[tuple[str, str]]:
        times = [("from", str(self.start)), ("until", str(self.end))]
        given = [("xFilesFactor", str(self.xff))] * (self.xff is not None)
        return [("target", self.target), *times, ("format", "json"), ("noCache", "1"), *given]


@dataclass(frozen=True)
class Deviation:
    """A reason for a difference, and the cases that it covers."""

    why: str
    covers: Callable[[Case], bool]


def _matching(pattern: str) -> Callable[[Case], bool]:
    search = re.compile(pattern).search
    return lambda case: search(case.target) is not None


DEVIATIONS: list[Deviation] = []


def excused(case: Case) -> bool:
    """Tell whether a deviation covers a case."""
    return any(one.covers(case) for one in DEVIATIONS)
