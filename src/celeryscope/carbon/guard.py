"""The guard on series that nobody has sent before."""

import time
from collections.abc import Callable

from celeryscope.newcomers import Newcomers


class Guard:
    """Lets at most `a_minute` new series a minute in; at the start, `at_once` of them.

    What is stored is not new, nor are the last `at_once` that came in.
    """

    def __init__(
        self,
        a_minute: int,
        at_once: int,
        is_stored: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._newcomers = Newcomers[str](a_minute, at_once)
        self._is_stored = is_stored
        self._clock = clock
        self._at = clock()

    def admit(self, path: str) -> bool:
        """Return whether points of a path, as it is kept, may come in."""
        if self._is_stored(path):
            return True
        now = self._clock()
        self._newcomers.pass_time(now - self._at)
        self._at = now
        return self._newcomers.admit(path)
