"""Passes what was received on to another StatsD server, as it came.

Datagrams go as they are, but for those that are larger than an Ethernet frame takes, such as what
one read of a TCP connection gave: these are cut at line ends.
"""

import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from celeryscope.address import Address
from celeryscope.naming import node
from celeryscope.outputs.handover import HandOver
from celeryscope.outputs.tally import Tally

_LOGGER = logging.getLogger(__name__)
# What fits an Ethernet frame over IPv6 and a tunnel or two without being fragmented.
MAX_DATAGRAM = 1432
MAX_WAITING = 200_000
_LOOK_UP_SECONDS = 60.0
_RETRY_SECONDS = 1.0
# A send that waits in vain this long fails; seconds and microseconds.
_PATIENCE = struct.pack("@ll", 0, 500_000)
_TRIES = 3

Target = tuple[socket.AddressFamily, tuple[str, int]]
Resolve = Callable[[Address], Target]


def look_up(address: Address) -> Target:
    """Return the first address that a name has now.

    Raises:
        OSError: It has none.
    """
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
    family, _, _, _, (host, port, *_) = found[0]
    return family, (str(host), int(port))


class Repeater:
    """Sends datagrams to one address by UDP, on a thread of its own.

    What it cannot send is dropped and counted: also what the other host answers that nobody
    listens for, but not what gets lost on the way, of which UDP does not tell.
    """

    def __init__(
        self,
        address: Address,
        max_waiting: int = MAX_WAITING,
        resolve: Resolve = look_up,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._name = node(f"repeater-{address.host}-{address.port}")
        self._tally = Tally(self._name)
        self._destination = _Destination(address, resolve, clock)
        self._queue = HandOver(self._name, self._send_all, max_waiting, end=self._destination.close)

    def start(self) -> None:
        self._queue.start()

    def put_datagrams(self, datagrams: Sequence[bytes]) -> None:
        """Take datagrams; those for which there is no room are dropped and counted."""
        parts = [part for datagram in datagrams for part in cut(datagram)]
        self._tally.count(dropped=len(parts) - self._queue.put(parts))

    def stop(self) -> None:
        """Send what waits, within a few seconds, and end."""
        unsent = self._queue.stop()
        if unsent:
            _LOGGER.error("%d datagrams could not be repeated to %s", unsent, self._address)

    def counters(self) -> Mapping[str, int]:
        return self._tally.take()

    def gauges(self) -> Mapping[str, float]:
        return {f"outputs.{self._name}.queue": float(len(self._queue))}

    def _send_all(self, datagrams: Sequence[bytes]) -> None:
        self._tally.count(*self._destination.send(datagrams))


class _Destination:
    """A connected socket to where a name leads, looked up again now and then."""

    def __init__(self, address: Address, resolve: Resolve, clock: Callable[[], float]) -> None:
        self._address = address
        self._resolve = resolve
        self._clock = clock
        self._socket: socket.socket | None = None
        self._leads_to: Target | None = None
        self._look_up_at = clock()
        self._failing = False

    def send(self, datagrams: Sequence[bytes]) -> tuple[int, int]:
        """Send all; return by how much that changes how many were sent, and how many lost."""
        self._look_up()
        if self._socket is None:
            return 0, len(datagrams)
        outcomes = [_send(self._socket, datagram) for datagram in datagrams]
        refused = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        sent, lost = map(sum, zip(*outcomes, strict=True))
        return sent - refused, lost + refused

    def _look_up(self) -> None:
        now = self._clock()
        if now < self._look_up_at:
            return
        try:
            self._connect(self._resolve(self._address))
        except OSError as error:
            self._look_up_at = now + _RETRY_SECONDS
            if not self._failing:
                _LOGGER.warning("datagrams cannot be repeated to %s: %s", self._address, error)
            self._failing = True
        else:
            self._look_up_at = now + _LOOK_UP_SECONDS
            self._failing = False

    def _connect(self, target: Target) -> None:
        if target == self._leads_to:
            return
        family, address = target
        connected = socket.socket(family, socket.SOCK_DGRAM)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _PATIENCE)
        try:
            connected.connect(address)
        except OSError:
            connected.close()
            raise
        self.close()
        self._socket, self._leads_to = connected, target

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def cut(datagram: bytes) -> Iterator[bytes]:
    """Yield a datagram's lines in parts that fit a frame; a line that does not goes alone."""
    if len(datagram) <= MAX_DATAGRAM:
        yield datagram
        return
    part = b""
    for line in datagram.split(b"\n"):
        if part and len(part) + 1 + len(line) > MAX_DATAGRAM:
            yield part
            part = b""
        part = part + b"\n" + line if part else line
    if part:
        yield part


def _send(connected: socket.socket, datagram: bytes, tries: int = _TRIES) -> tuple[int, int]:
    """Send one; a refusal is the answer to an earlier one, which was counted as sent."""
    if tries == 0:
        return 0, 1
    try:
        connected.send(datagram)
    except ConnectionRefusedError:
        sent, lost = _send(connected, datagram, tries - 1)
        return sent - 1, lost + 1
    except OSError:
        return 0, 1
    return 1, 0
