"""SIGTERM and SIGINT: the first one begins the end, and no further one cuts it short."""

import signal
import threading
from collections.abc import Callable
from types import FrameType


def end_by_signals(stop: Callable[[], None]) -> None:
    """Call `stop` at each signal to end, from now on until the process is gone.

    Only the main thread of a process can have that; in any other it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
