"""Runs that were cut short, as the process that ran them sees it.

Celery's tracer knows no outcome then (its state is None): what ended the run is the exception
still in flight, which is none of `Exception`'s.
"""

import sys
from enum import Enum


class Cut(Enum):
    """Who cut a run short."""

    LEFT = "left"
    """The pool's process is going; the main process tells the outcome and the run time."""
    ENDED = "ended"
    """The worker ended the greenlet; it tells the outcome itself."""
    TIMED_OUT = "timed out"
    """Gevent's hard time limit, of which Celery before 5.7 tells nobody."""
    ABORTED = "aborted"
    """The task exited, or its worker was told to stop at once; nobody tells more."""


def cut_by(error: BaseException | None, *, in_pool_process: bool) -> Cut:
    """Tell who cut a run short by the exception that went through it."""
    if in_pool_process:
        return Cut.LEFT
    if isinstance(error, _loaded("greenlet", "GreenletExit")):
        return Cut.ENDED
    if isinstance(error, _loaded("gevent", "Timeout")):
        return Cut.TIMED_OUT
    return Cut.ABORTED


def _loaded(module: str, name: str) -> tuple[type[BaseException], ...]:
    """Return a class of a module that is there only when its pool is in use."""
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()
