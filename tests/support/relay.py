"""A UDP relay that writes down what passes."""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Thread


@dataclass
class Relay:
    """Passes each datagram on to every target, in the order in which they came."""

    port: int
    datagrams: list[bytes] = field(default_factory=list)

    def values(self, leaf: str) -> list[float]:
        """Return the values of all lines whose name ends in `leaf`."""
        lines = b"\n".join(self.datagrams).decode().splitlines()
        samples = (line.partition("|")[0].rpartition(":") for line in lines)
        return [float(value) for name, _, value in samples if name.endswith(leaf)]


@contextlib.contextmanager
def relay_to(targets: Sequence[int]) -> Iterator[Relay]:
    """Relay a free port's datagrams to UDP ports on the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet:
        inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        inlet.bind(("127.0.0.1", 0))
        relay = Relay(inlet.getsockname()[1])
        thread = Thread(target=_pass_on, args=(inlet, relay, targets), daemon=True)
        thread.start()
        yield relay
        inlet.sendto(b"", inlet.getsockname())
        thread.join()


def _pass_on(inlet: socket.socket, relay: Relay, targets: Sequence[int]) -> None:
    while datagram := inlet.recv(65_536):
        relay.datagrams.append(datagram)
        for port in targets:
            inlet.sendto(datagram, ("127.0.0.1", port))
