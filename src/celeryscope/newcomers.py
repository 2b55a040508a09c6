"""The guard against names without end, such as those with an id in them."""

from collections.abc import Hashable
from typing import Generic, TypeVar

_MINUTE = 60.0

T = TypeVar("T", bound=Hashable)


class Newcomers(Generic[T]):
    """Lets at most `a_minute` series a minute in that were not seen before.

    At the start `known` of them may come at once, so that a restart refuses none that is not new.
    At least the last `known` series are remembered, at most twice as many.
    """

    def __init__(self, a_minute: int, known: int) -> None:
        self._a_minute = a_minute
        self._known = known
        self._left = float(known)
        self._recent: set[T] = set()
        self._older: set[T] = set()

    def admit(self, series: T) -> bool:
        """Return whether a series may come in, and remember it if so."""
        if series in self._recent:
            return True
        if series not in self._older:
            if self._left < 1:
                return False
            self._left -= 1
        if len(self._recent) >= self._known:
            self._older, self._recent = self._recent, set()
        self._recent.add(series)
        return True

    def pass_time(self, seconds: float) -> None:
        """Let as many more in as the time that passed allows, at most a minute's worth."""
        refilled = self._left + seconds / _MINUTE * self._a_minute
        self._left = max(self._left, min(refilled, float(self._a_minute)))
