"""What one request may take: time, values that are held at once, and steps of calculation."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from celeryscope.graphite.errors import RequestError
from celeryscope.store.stop import Stop

STEPS_A_VALUE = 100
IN_PYTHON = 100
"""A step in Python takes about as long as so many of NumPy's."""

_PART = 1000
_ADVICE = "narrow its paths or its range, or ask for fewer values with maxDataPoints"

T = TypeVar("T")


class LimitError(RequestError):
    """A request needs more than it may take."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What each request may take, and how many are worked on at once.

    `seconds`, `values` and `at_once` are the settings `max_query_time`, `max_query_values` and
    `max_queries`.
    """

    seconds: float = 30.0
    values: int = 10_000_000
    at_once: int = 4


DEFAULT_LIMITS = Limits()


class Budget(Stop):
    """What is left of a request's limits; it is charged by one thread, and ended by any."""

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__()
        self._limits = limits
        self._clock = clock
        self._end = clock() + limits.seconds
        self.values = 0
        self.steps = 0

    @property
    def seconds_left(self) -> float:
        return max(self._end - self._clock(), 0.0)

    def check(self) -> None:
        """Raise the reason to stop, if there is one.

        Raises:
            LimitError: The time is up.
        """
        if not self.seconds_left:
            self.time_is_up()
        super().check()

    def time_is_up(self) -> None:
        """Stop the request for taking too long."""
        self.stop(
            LimitError(
                f"the request takes longer than {self._limits.seconds:g} s, which is "
                f"max_query_time; {_ADVICE}"
            )
        )

    def charge(self, values: int) -> None:
        """Count values that the request makes the server hold.

        Raises:
            LimitError: They are too many by now, or the time is up.
        """
        self.values += values
        if self.values > self._limits.values:
            raise LimitError(
                f"the request needs more than {self._limits.values:,} values, which is "
                f"max_query_values; {_ADVICE}"
            )
        self.work(values)

    def work(self, steps: int) -> None:
        """Count steps of calculation, before they are done; one looks at one value.

        Raises:
            LimitError: They are too many by now, or the time is up.
        """
        self.steps += steps
        if self.steps > STEPS_A_VALUE * self._limits.values:
            raise LimitError(
                f"the request needs more than {STEPS_A_VALUE * self._limits.values:,} steps of "
                f"calculation, {STEPS_A_VALUE} times max_query_values; ask for shorter windows or "
                f"for fewer functions, {_ADVICE}"
            )
        self.check()

    def parts(self, values: Sequence[T]) -> Iterator[Sequence[T]]:
        """Yield values for work in Python, a part at a time, each charged before."""
        for first in range(0, len(values), _PART):
            part = values[first : first + _PART]
            self.work(IN_PYTHON * len(part))
            yield part
