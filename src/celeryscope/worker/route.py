"""The way to a StatsD server: connected sockets, and host names that never make a task wait."""

import socket
import threading
import time
from collections.abc import Callable

from celeryscope.worker.address import Address

_REFRESH_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0

Peer = tuple[socket.AddressFamily, tuple[object, ...]]
Lookup = Callable[[Address], Peer]


def look_up(address: Address) -> Peer:
    """Ask the system's resolver for a peer, IPv4 before IPv6; may take long for a name."""
    answers = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
    family, _, _, _, peer = min(answers, key=lambda answer: answer[0] != socket.AF_INET)
    return family, peer


class Route:
    """Opens a connected socket to one address, and a new one when its name moves.

    `refresh` costs nothing until it is due: a minute after a success, after a growing pause when
    it failed. An IP literal is opened before it returns, a name is looked up in a short-lived
    thread. `opened` and `failed` are called with what came of it.
    """

    def __init__(
        self,
        address: Address,
        opened: Callable[[socket.socket], None],
        failed: Callable[[Exception], None],
        lookup: Lookup = look_up,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.searching = False
        self._address = address
        self._opened = opened
        self._failed = failed
        self._lookup = lookup
        self._clock = clock
        self._due = float("-inf")
        self._pause = _FIRST_PAUSE_SECONDS
        self._peer: Peer | None = None

    def refresh(self) -> None:
        if self.searching or self._clock() < self._due:
            return
        self.searching = True
        if _is_literal(self._address.host):
            self._search()
            return
        try:
            threading.Thread(target=self._search, name="celeryscope-dns", daemon=True).start()
        except RuntimeError as error:  # no more threads, or the interpreter is ending
            self._give_up(error)

    def _search(self) -> None:
        try:
            peer = self._lookup(self._address)
            if peer != self._peer:
                self._opened(_connected(peer))
                self._peer = peer
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA refuses
            self._give_up(error)
        else:
            self._pause = _FIRST_PAUSE_SECONDS
            self._due = self._clock() + _REFRESH_SECONDS
            self.searching = False

    def _give_up(self, error: Exception) -> None:
        self._due = self._clock() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        self.searching = False
        self._failed(error)


def _is_literal(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _connected(peer: Peer) -> socket.socket:
    family, address = peer
    connected = socket.socket(family, socket.SOCK_DGRAM)
    try:
        connected.settimeout(0)
        connected.connect(address)
    except OSError:
        connected.close()
        raise
    return connected
