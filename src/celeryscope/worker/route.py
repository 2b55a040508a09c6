"""The way to a StatsD server: connected sockets, and look-ups that never make a task wait."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from celeryscope.worker.address import Address, Transport
from celeryscope.worker.buffered import BufferedSocket

_REFRESH_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_CONNECT_SECONDS = 5.0
# A peer that acknowledges nothing for so long is gone; the kernel alone would try for 15 minutes.
_SILENT_PEER_MS = 30_000
# The kernel goes on sending while the process has nothing to say.
_KERNEL_BUFFER_BYTES = 1 << 18

# What `connect` takes: a path, or host and port and what IPv6 adds.
_Target = str | tuple[object, ...]
Peer = tuple[socket.AddressFamily, _Target]
Lookup = Callable[[Address], Peer]
Link = socket.socket | BufferedSocket


def look_up(address: Address) -> Peer:
    """Ask the system's resolver for a peer, IPv4 before IPv6; may take long for a name."""
    if address.transport is Transport.UNIX:
        return socket.AF_UNIX, address.host
    answers = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
    family, _, _, _, peer = min(answers, key=lambda answer: answer[0] != socket.AF_INET)
    return family, peer


class Route:
    """Opens a link to one address, and a new one when it was lost or its name moves.

    `refresh` costs nothing until it is due: a minute after a name was looked up for UDP, when a
    connection was lost, and after a growing pause when it failed. Sockets that open at once are
    open when it returns; a name and a TCP connection are left to a short-lived thread. `opened`
    and `failed` are called with what came of it.
    """

    def __init__(
        self,
        address: Address,
        opened: Callable[[Link], None],
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
        # A connection has its peer for as long as it lasts, a name may move.
        self._lasts = _REFRESH_SECONDS if address.transport is Transport.UDP else float("inf")
        self._due = float("-inf")
        self._pause = _FIRST_PAUSE_SECONDS
        self._peer: Peer | None = None
        self._thread: threading.Thread | None = None

    def refresh(self) -> None:
        if self.searching or self._clock() < self._due:
            return
        self.searching = True
        if _opens_at_once(self._address):
            self._search()
            return
        self._thread = threading.Thread(
            target=self._search, name="celeryscope-connect", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:  # no more threads, or the interpreter is ending
            self._give_up(error)

    def lost(self) -> None:
        """Open anew after a pause."""
        self._peer = None
        self._wait_longer()

    def finish(self, seconds: float) -> None:
        """Wait at most `seconds` for a search that is under way."""
        if self.searching and self._thread is not None:
            with contextlib.suppress(RuntimeError):  # it was never started
                self._thread.join(seconds)

    def _search(self) -> None:
        try:
            peer = self._lookup(self._address)
            link = None if peer == self._peer else _opened_link(self._address.transport, peer)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA refuses
            self._give_up(error)
            return
        # All is settled before the link is known to others: they may find it lost at once.
        self._peer = peer
        self._pause = _FIRST_PAUSE_SECONDS
        self._due = self._clock() + self._lasts
        if link is not None:
            self._opened(link)
        self.searching = False

    def _give_up(self, error: Exception) -> None:
        self._wait_longer()
        self.searching = False
        self._failed(error)

    def _wait_longer(self) -> None:
        self._due = self._clock() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)


def _opens_at_once(address: Address) -> bool:
    if address.transport is not Transport.UDP:
        return address.transport is Transport.UNIX
    try:
        socket.getaddrinfo(address.host, None, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _opened_link(transport: Transport, peer: Peer) -> Link:
    family, address = peer
    if transport is Transport.TCP:
        stream = _connected(socket.socket(family, socket.SOCK_STREAM), address)
        return BufferedSocket(stream, ending=b"\n")
    datagrams = _connected(socket.socket(family, socket.SOCK_DGRAM), address)
    return datagrams if transport is Transport.UDP else BufferedSocket(datagrams, ending=b"")


def _connected(connecting: socket.socket, address: _Target) -> socket.socket:
    try:
        if connecting.type == socket.SOCK_STREAM:
            _prepare_stream(connecting)
        else:
            connecting.settimeout(0)
        connecting.connect(address)
        connecting.settimeout(0)
    except OSError:
        connecting.close()
        raise
    return connecting


def _prepare_stream(connecting: socket.socket) -> None:
    connecting.settimeout(_CONNECT_SECONDS)
    connecting.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # not on macOS
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENT_PEER_MS)
