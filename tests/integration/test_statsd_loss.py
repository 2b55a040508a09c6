"""Nothing is lost silently: what was sent is what came and what is told to be lost."""

import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from celeryscope.address import Address
from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.flusher import Flusher
from celeryscope.statsd.losses import REPORT_SECONDS, ClientLosses
from celeryscope.statsd.udp import UdpListener
from celeryscope.worker.address import parse_address
from celeryscope.worker.sender import Sender
from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

NOON = 1_700_000_000.0
LOCAL = Address("127.0.0.1", 0)
LINE = b"burst:1|c"
BURST = 200_000
TINY = 2048


class NoOwnNumbers:
    def gauges(self) -> Mapping[str, float]:
        return {}

    def counters(self) -> Mapping[str, int]:
        return {}


class Receiver:
    """A receiver with a tiny buffer, its flushes on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = NOON
        self.flushes: list[Flush] = []
        self.listener = UdpListener(LOCAL, Backlog(clock=self.clock), buffer_bytes=TINY)
        self._flusher = Flusher(
            [self.listener],
            Aggregator(),
            REPORT_SECONDS,
            self.flushes.append,
            own=NoOwnNumbers(),
            clock=self.clock,
            losses=ClientLosses(self.clock),
        )

    def clock(self) -> float:
        return self.now

    def pass_interval(self) -> None:
        """End the interval under way."""
        self._flusher.turn()
        self.now += REPORT_SECONDS
        self._flusher.turn()

    def total(self, name: str) -> float:
        return sum(flush.counters.get(name, 0.0) for flush in self.flushes)

    def told(self) -> float:
        return self.total("celeryscope.packets") + self.total("celeryscope.dropped.kernel")

    def has_flushed(self, sent: int) -> bool:
        self.pass_interval()
        return self.told() == sent


@pytest.fixture
def tiny() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.listener.start()
    yield receiver
    receiver.listener.stop()


@contextmanager
def client_of(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        yield client


def told_by(server: ServerUnderTest, since: float) -> float:
    return sum(
        server.total(f"stats.counters.celeryscope.{leaf}.count", since)
        for leaf in ("packets", "dropped.*")
    )


def test_sent_minus_received_is_what_is_told_when_the_buffer_is_tiny(tiny: Receiver) -> None:
    sent = 50_000
    with client_of(tiny.listener.address.port) as client:
        for _ in range(sent):
            client.send(LINE)
    wait_until(lambda: tiny.has_flushed(sent), what="all that was sent")
    received = tiny.total("burst")
    assert 0 < received < sent
    assert sent - received == tiny.total("celeryscope.dropped.kernel")


def test_the_workers_own_reports_tell_what_was_lost_on_the_way(tiny: Receiver) -> None:
    tiny.pass_interval()
    sender = Sender(parse_address(str(tiny.listener.address)), clock=tiny.clock)
    sent = 0
    # After a burst it is quiet, so that the report comes through.
    for datagrams in (5000, 1, 5000, 1, 5000, 1):
        for _ in range(datagrams):
            sender.send(LINE)
        sent += datagrams
        wait_until(partial(tiny.has_flushed, sent), what="what was sent")
    sender.close()
    dropped = tiny.total("celeryscope.dropped.kernel")
    assert dropped > 0
    assert tiny.total("celeryscope.client.sent") == sent - 1  # the last one's own is not told yet
    assert tiny.total("celeryscope.client.lost") == dropped
    shares = [flush.gauges.get("celeryscope.client.loss", 0.0) for flush in tiny.flushes]
    assert 0 < max(shares) < 100


def test_a_burst_at_full_speed_is_told_of_to_the_last_datagram(tmp_path: Path) -> None:
    since = time.time()
    with celeryscope_server(tmp_path, ["--flush-interval", "1s"]) as server:
        with client_of(server.statsd_port) as client:
            for _ in range(BURST):
                client.send(LINE)
        wait_until(lambda: told_by(server, since) >= BURST, what="the burst")
        assert told_by(server, since) == BURST
        lost = server.total("stats.counters.celeryscope.dropped.*.count", since)
        assert server.total("stats.counters.burst.count", since) == BURST - lost


def test_what_the_kernel_drops_while_the_server_is_stopped_is_told(tmp_path: Path) -> None:
    since, sent = time.time(), 60_000
    with celeryscope_server(tmp_path, ["--flush-interval", "1s"]) as server:
        server.running.signal_group(signal.SIGSTOP)
        with client_of(server.statsd_port) as client:
            for _ in range(sent):
                client.send(LINE)
        server.running.signal_group(signal.SIGCONT)
        wait_until(lambda: told_by(server, since) >= sent, what="what was sent")
        dropped = server.total("stats.counters.celeryscope.dropped.kernel.count", since)
        assert dropped > 0
        assert server.total("stats.counters.burst.count", since) == sent - dropped
