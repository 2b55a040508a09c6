"""A plain UDP receiver that keeps what it gets, to stand where a StatsD server would."""

import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator

from support.processes import wait_until


class Receiver:
    """Datagrams on one loopback address, in order of arrival."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind((host, port))
        self._socket.settimeout(0)
        self._datagrams: list[bytes] = []
        self._sources: list[object] = []

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def datagrams(self) -> list[bytes]:
        with contextlib.suppress(BlockingIOError):
            while True:
                datagram, sender = self._socket.recvfrom(65536)
                self._datagrams.append(datagram)
                self._sources.append(sender)
        return self._datagrams

    @property
    def senders(self) -> set[object]:
        return set(self._sources)

    def by_sender(self) -> list[tuple[object, bytes]]:
        """Return each datagram with who sent it, in order of arrival."""
        return list(zip(self._sources, self.datagrams(), strict=True))

    def lines(self) -> list[str]:
        return [line for datagram in self.datagrams() for line in datagram.decode().split("\n")]

    def counts(self) -> Counter[str]:
        """Sum up the counters by name."""
        totals: Counter[str] = Counter()
        for name, value, kind in map(_parsed, self.lines()):
            if kind == "c":
                totals[name] += int(value)
        return totals

    def times(self, name: str) -> list[float]:
        """Return one timer's values in ms."""
        return [value for known, value, kind in map(_parsed, self.lines()) if known == name]

    def wait_for(self, condition: Callable[["Receiver"], bool], what: str = "metrics") -> None:
        wait_until(lambda: condition(self), what=what)

    def close(self) -> None:
        self._socket.close()


def _parsed(line: str) -> tuple[str, float, str]:
    name, _, rest = line.partition(":")
    value, _, kind = rest.partition("|")
    return name, float(value), kind


@contextlib.contextmanager
def receiver(host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    listening = Receiver(host, port)
    try:
        yield listening
    finally:
        listening.close()
