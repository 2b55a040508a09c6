"""A real celeryscope server in a process of its own."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.processes import Running, free_port, running, wait_until

Point = tuple[float | None, int]


@dataclass(frozen=True)
class ServerUnderTest:
    """Where a started server is reached."""

    http_port: int
    statsd_port: int
    running: Running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def statsd(self) -> str:
        return f"127.0.0.1:{self.statsd_port}"

    def send(self, *datagrams: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for datagram in datagrams:
                client.sendto(datagram, ("127.0.0.1", self.statsd_port))

    def render(self, target: str, **parameters: str | int) -> dict[str, list[Point]]:
        """Return each series' points by its name."""
        answer = httpx.get(
            f"{self.url}/render", params={"target": target, "format": "json", **parameters}
        )
        assert answer.status_code == httpx.codes.OK, answer.text
        return {one["target"]: [tuple(p) for p in one["datapoints"]] for one in answer.json()}

    def total(self, target: str, since: float) -> float:
        """Return the sum of all values of all series that match since a Unix time."""
        span: dict[str, str | int] = {"from": int(since), "until": int(time.time()) + 1}
        found = self.render(target, **span)
        return sum(value or 0 for points in found.values() for value, _ in points)

    def whole(self, target: str, since: float, until: float) -> float | None:
        """Return one series' one value over a whole span; None if there is none."""
        span: dict[str, str | int] = {"from": int(since), "until": int(until)}
        found = self.render(target, **span, maxDataPoints=1)
        assert len(found) <= 1, found
        return next((points[0][0] for points in found.values()), None)


@contextlib.contextmanager
def celeryscope_server(
    folder: Path,
    flags: Sequence[str] = (),
    statsd_port: int = 0,
    http_port: int = 0,
    *,
    under: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[ServerUnderTest]:
    """Run `celeryscope serve` with its data in `folder` until the end, or until it is killed.

    `under` is the command that runs it, if there is one.
    """
    http_port = http_port or free_port()
    statsd_port = statsd_port or free_port(socket.SOCK_DGRAM)
    command = [*under, sys.executable, "-m", "celeryscope", "serve"]
    command += ["--data", str(folder / "data")]
    command += ["--http", f"127.0.0.1:{http_port}", "--statsd", f"127.0.0.1:{statsd_port}"]
    command += ["--admin", "127.0.0.1:0", *flags]
    with running(command, folder / "server.log", env, pass_fds=pass_fds) as process:
        server = ServerUnderTest(http_port, statsd_port, process)
        wait_until(
            lambda: _answers(server.url) or process.process.poll() is not None, what="the server"
        )
        assert process.process.poll() is None, process.output()
        yield server


def _answers(url: str) -> bool:
    """Tell whether it serves: a socket that accepts may be bound by a server that fails."""
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False
