"""The workers' own sender and a whole server, by each transport."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from celeryscope.worker.address import parse_address
from celeryscope.worker.sender import Sender
from support.processes import free_port, wait_until
from support.server import ServerUnderTest, celeryscope_server

# A Unix socket's sender keeps 1024 waiting, a small UDP buffer as many.
SENT = 500
Place = Callable[[Path], str]
PLACES: dict[str, Place] = {
    "udp": lambda _: f"udp://127.0.0.1:{free_port()}",
    "tcp": lambda _: f"tcp://127.0.0.1:{free_port()}",
    "unix": lambda folder: f"unix://{folder}/statsd.sock",
}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    return {transport: place(tmp_path) for transport, place in PLACES.items()}


@pytest.fixture
def server(tmp_path: Path, places: dict[str, str]) -> Iterator[ServerUnderTest]:
    """Run one server that listens to all transports."""
    flags = ["--statsd", ",".join(places.values()), "--flush-interval", "1s"]
    with celeryscope_server(tmp_path, flags) as started:
        yield started


def test_all_that_a_worker_sends_arrives_by_each_transport_at_once(
    server: ServerUnderTest, places: dict[str, str]
) -> None:
    since = time.time()
    senders = {transport: Sender(parse_address(place)) for transport, place in places.items()}
    for i in range(SENT):
        for transport, sender in senders.items():
            sender.send(b"by.%b:1|c\nby.%b.value:%d|ms" % ((transport.encode(),) * 2 + (i,)))
    for sender in senders.values():
        sender.finish()
        sender.close()

    def arrived() -> dict[str, float]:
        return {one: server.total(f"stats.counters.by.{one}.count", since) for one in places}

    wait_until(lambda: min(arrived().values()) >= SENT, what="what was sent")
    assert arrived() == dict.fromkeys(places, SENT)
    for lost in ("client.dropped", "client.lost", "dropped.*", "bad_lines.*"):
        assert server.total(f"stats.counters.celeryscope.{lost}.count", since) == 0, lost


def test_a_worker_finds_its_server_again_after_a_restart(
    tmp_path: Path, places: dict[str, str]
) -> None:
    since = time.time()
    flags = ["--statsd", ",".join(places.values()), "--flush-interval", "1s"]
    senders = {transport: Sender(parse_address(place)) for transport, place in places.items()}

    def all_heard(server: ServerUnderTest, name: str) -> bool:
        for transport, sender in senders.items():
            sender.send(f"{name}.{transport}:1|c".encode())
        return all(server.total(f"stats.counters.{name}.{one}.count", since) for one in senders)

    for name in ("first", "second"):
        with celeryscope_server(tmp_path, flags) as server:
            wait_until(partial(all_heard, server, name), what=name)
    for sender in senders.values():
        sender.close()
