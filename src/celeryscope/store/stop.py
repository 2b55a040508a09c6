"""Ends reads of a store before they are done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

Interrupt = Callable[[], object]


class Stop:
    """Ends whatever it is given to, with a reason; any thread may say so."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._interrupts: list[Interrupt] = []
        self._reason: Exception | None = None

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        if self._reason is not None:
            raise self._reason

    def stop(self, reason: Exception) -> None:
        """Interrupt what runs; the first reason counts.

        DuckDB forgets an interrupt that comes between two queries, so whoever wants an end calls
        this again until there is one.
        """
        with self._lock:
            self._reason = self._reason or reason
            for interrupt in self._interrupts:
                interrupt()

    @contextmanager
    def interrupting(self, interrupt: Interrupt) -> Iterator[None]:
        """Have `interrupt` called on a stop while the block runs; it then raises the reason."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            self.check()
            yield
        except BaseException:
            self.check()
            raise
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)
