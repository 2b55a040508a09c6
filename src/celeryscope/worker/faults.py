"""Our own faults, which never reach a task."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from celeryscope.worker.log import log

FAULT = "celeryscope could not send a metric; the task is not affected"
P = ParamSpec("P")


def harmless(handler: Callable[P, None]) -> Callable[P, None]:
    """Log what a handler raises instead of raising it; costs a call, so not for the hot path."""

    @wraps(handler)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            handler(*args, **kwargs)
        except Exception:
            log.exception(FAULT)

    return guarded
