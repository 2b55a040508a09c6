"""One place that parcels are delivered to, in order, through all its outages."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Lock, Thread

from celeryscope.address import Address
from celeryscope.naming import node
from celeryscope.outputs.link import Link
from celeryscope.outputs.spool import Parcel, Spool

GRACE = 3.0
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between attempts to reach a destination that is away."""

_LOGGER = logging.getLogger(__name__)


class Destination:
    """Delivers on a thread of its own; keeps up to `buffer_bytes` of what cannot be delivered.

    A parcel is delivered when the peer's system has acknowledged all of it; if the connection
    breaks before, the parcel is sent again as a whole. `pause` waits so many seconds, or until
    `stop`.
    """

    def __init__(
        self,
        address: Address,
        buffer_bytes: int,
        pause: Callable[[float], object] | None = None,
        connect: Callable[[Address], Link] = Link,
    ) -> None:
        self.name = node(f"carbon-{address.host}-{address.port}")
        self._address = address
        self._spool = Spool(buffer_bytes)
        self._connect = connect
        self._link: Link | None = None
        self._stopping = Event()
        self._pause = pause or self._stopping.wait
        self._ends_at = 0.0
        self._failures = 0
        self._replays_until: int | None = None
        self._counts: Counter[str] = Counter()
        self._lock = Lock()
        self._thread = Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, parcel: Parcel) -> None:
        self._spool.put(parcel)

    def count_dropped(self, points: int) -> None:
        """Count points that were lost before they came here."""
        with self._lock:
            self._counts["dropped"] += points

    @property
    def waiting(self) -> int:
        """How many parcels are not yet delivered."""
        return len(self._spool)

    def take_counts(self) -> dict[str, int]:
        """Return the points sent, dropped and replayed since the last call."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        counts["dropped"] += self._spool.take_dropped()
        return {name: counts[name] for name in ("sent", "dropped", "replayed")}

    def stop(self) -> None:
        """Try for a few seconds to deliver what is left; count the rest as dropped."""
        self._ends_at = time.monotonic() + GRACE
        self._stopping.set()
        self._spool.close()
        self._thread.join(2 * GRACE)
        if left := self._spool.drop_all():
            _LOGGER.warning("%s: %d flushes could not be delivered and are lost", self.name, left)

    def _run(self) -> None:
        while parcel := self._spool.take():
            error = self._attempt(parcel)
            if error is None:
                self._delivered(parcel)
                continue
            self._failed(error)
            if self._stopping.is_set():
                break
            self._pause(_PAUSES[min(self._failures, len(_PAUSES)) - 1])
        self._hang_up()

    def _attempt(self, parcel: Parcel) -> Exception | None:
        """Deliver, or return why it cannot be done."""
        try:
            if self._link is not None and not self._link.is_open():
                self._hang_up()
            if self._link is None:
                self._link = self._connect(self._address)
            self._link.deliver(parcel.payload, self._may_go_on)
        except (OSError, UnicodeError) as error:  # the latter for what can be no host's name
            return error
        return None

    def _delivered(self, parcel: Parcel) -> None:
        if self._failures:
            self._replays_until = self._spool.newest()
            _LOGGER.info("%s is back; flushes to send: %d", self.name, len(self._spool))
        self._failures = 0
        replayed = self._replays_until is not None and parcel.start <= self._replays_until
        with self._lock:
            self._counts["sent"] += parcel.points
            self._counts["replayed"] += parcel.points * replayed
        self._spool.done()

    def _failed(self, error: Exception) -> None:
        self._hang_up()
        self._spool.give_back()
        if not self._failures:
            _LOGGER.warning("%s is away (%s); flushes are kept until it is back", self.name, error)
        self._failures += 1

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = None

    def _may_go_on(self) -> bool:
        return not self._stopping.is_set() or time.monotonic() < self._ends_at
