"""SIGTERM and SIGINT: the first one begins the end, and no further one cuts it short."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at each signal to end, and ignore them afterwards, as the process goes.

    Only the main thread of a process can have that; in any other it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in _ENDING:
        signal.signal(number, handle)
    yield
    # A handler of ours would be gone before the interpreter is.
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
