"""A connected socket for those who must not wait: what it does not take at once waits in its stead.

For TCP, and for Unix datagrams, of which the kernel queues no more than ten or so.
"""

import contextlib
import select
import socket
import time
from collections import deque
from threading import Lock, Thread

MAX_WAITING = 1024
# A helper gives up for a server that takes nothing; the next datagram starts another.
_HELP_SECONDS = 10.0
# How late a helper may see that its socket was closed.
_GLANCE_SECONDS = 1.0


class BufferedSocket:
    """Sends datagrams one after the other, each with `ending`; a bounded number of them may wait.

    What waits goes with a later datagram, or by a thread that lives only while something waits.
    Threads, greenlets and signal handlers may send at any time: who finds another at it leaves
    the datagram to that one.
    """

    def __init__(self, connected: socket.socket, ending: bytes) -> None:
        self._socket = connected
        self._ending = ending
        self._waiting: deque[bytes] = deque()
        self._taken = 0  # bytes of the first that the kernel has
        self._at_it = Lock()
        self._helper: Thread | None = None
        self._error: OSError | None = None

    def send(self, datagram: bytes) -> None:
        """Take a datagram.

        Raises:
            BlockingIOError: too many wait already.
            OSError: the connection is lost; `abandon` it.
        """
        if len(self._waiting) >= MAX_WAITING:
            self._drain()
        if self._error is not None:
            raise self._error
        if len(self._waiting) >= MAX_WAITING:
            raise BlockingIOError(f"{MAX_WAITING} datagrams wait already")
        self._waiting.append(datagram + self._ending)
        self._drain()

    def ended(self) -> bool:
        """Tell whether the connection is known to be lost, or the server has closed it."""
        if self._error is None:
            try:
                # A server that says nothing is a server that listens.
                return not self._socket.recv(1024)
            except BlockingIOError:
                return False
            except OSError as error:
                self._error = error
        return True

    def abandon(self) -> tuple[list[bytes], int]:
        """Close; return the datagrams that still waited whole, and how many were cut (0 or 1)."""
        self._error = self._error or ConnectionAbortedError("abandoned")
        self.close()
        cut = 1 if self._taken else 0
        whole = list(self._waiting)[cut:]
        return [datagram.removesuffix(self._ending) for datagram in whole], cut

    def close(self) -> None:
        self._socket.close()

    def finish(self, seconds: float) -> None:
        """Wait until nothing waits any more, at most `seconds`."""
        ends = time.monotonic() + seconds
        with contextlib.suppress(OSError, ValueError):  # closed, or its number is above 1023
            while self._waiting and self._error is None and (left := ends - time.monotonic()) > 0:
                select.select([], [self._socket], [], min(left, _GLANCE_SECONDS))
                self._drain()

    def _drain(self) -> None:
        while self._waiting and self._error is None and self._at_it.acquire(blocking=False):
            try:
                blocked = not self._push()
            finally:
                self._at_it.release()
            if blocked:
                self._drain_later()
                return

    def _drain_later(self) -> None:
        if self._helper is None or not self._helper.is_alive():
            self._helper = Thread(
                target=self.finish, args=(_HELP_SECONDS,), name="celeryscope-drain", daemon=True
            )
            with contextlib.suppress(RuntimeError):  # no more threads: a later datagram drains
                self._helper.start()

    def _push(self) -> bool:
        """Hand over what waits; return False when the kernel takes no more of it."""
        try:
            while self._waiting:
                first = self._waiting[0]
                self._taken += self._socket.send(first[self._taken :])
                if self._taken == len(first):
                    self._waiting.popleft()
                    self._taken = 0
        except BlockingIOError:
            return False
        except OSError as error:
            self._error = error
            return False
        return True
