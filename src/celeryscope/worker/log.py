"""The library's voice inside other people's processes: one record a minute, no more."""

import logging
import sys
import time
from collections.abc import Callable

_SILENCE_SECONDS = 60.0


class SparingLog:
    """Writes at most one record a minute, whatever it is told; the rest is kept back."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._silent_until = float("-inf")

    def warning(self, message: str, *args: object) -> None:
        if self._may_speak():
            self._logger.warning(message, *args)

    def exception(self, message: str, *args: object) -> None:
        if self._may_speak():
            self._logger.error(message, *args, exc_info=sys.exc_info())

    def _may_speak(self) -> bool:
        now = self._clock()
        if now < self._silent_until:
            return False
        self._silent_until = now + _SILENCE_SECONDS
        return True


log = SparingLog(logging.getLogger("celeryscope"))
