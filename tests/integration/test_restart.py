"""A restart: what is sent meanwhile waits for the new process, or its sender tells of it."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from celeryscope.worker.address import parse_address
from celeryscope.worker.sender import Sender
from support.processes import free_port, wait_until
from support.server import ServerUnderTest, celeryscope_server
from support.systemd import Systemd

FLAGS = ("--flush-interval", "1s", "--retentions", "1s:1h")
LINE = b"restart:1|c"
COUNTED = "stats.counters.restart.count"
REPORTED = "stats.counters.celeryscope.client.dropped.count"
KERNEL = "stats.counters.celeryscope.dropped.kernel.count"
PAUSE = 0.001
MORE_THAN_A_BUFFER = 60_000


class SteadyClient:
    """Sends by the workers' library, at a steady pace, for as long as it runs."""

    def __init__(self, port: int) -> None:
        self._sender = Sender(parse_address(f"127.0.0.1:{port}"))
        self._ending = Event()
        self._thread = Thread(target=self._run)
        self.sent = 0

    def _run(self) -> None:
        while not self._ending.wait(PAUSE):
            self._sender.send(LINE)
            self.sent += 1

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End, with the report that a process makes at its end."""
        self._ending.set()
        self._thread.join()
        self._sender.finish()
        self._sender.close()

    def wait_for_more(self) -> None:
        target = self.sent + 200
        wait_until(lambda: self.sent >= target, what="more datagrams")


@contextmanager
def client_of(port: int) -> Iterator[SteadyClient]:
    client = SteadyClient(port)
    client.start()
    try:
        yield client
    finally:
        client.stop()


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    manager = Systemd()
    yield manager
    manager.close()


def send_many(port: int, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for _ in range(count):
            client.sendto(LINE, ("127.0.0.1", port))


def told(server: ServerUnderTest, since: float) -> float:
    return server.total(COUNTED, since) + server.total(KERNEL, since)


def test_what_is_sent_while_nobody_listens_its_senders_tell(tmp_path: Path) -> None:
    since, port = time.time(), free_port(socket.SOCK_DGRAM)
    with client_of(port) as client:
        for _ in range(2):
            with celeryscope_server(tmp_path, FLAGS, port):
                client.wait_for_more()
        with celeryscope_server(tmp_path, FLAGS, port) as server:
            client.wait_for_more()
            client.stop()
            wait_until(lambda: server.total(REPORTED, since), what="the client's report")
            in_flight = client.sent - server.total(COUNTED, since) - server.total(REPORTED, since)
            # What comes between a socket's last read and its end nobody can tell of.
            assert 0 <= in_flight <= 2


def test_under_systemd_a_restart_loses_nothing(tmp_path: Path, systemd: Systemd) -> None:
    since, port = time.time(), free_port(socket.SOCK_DGRAM)
    with ExitStack() as stack:
        with systemd.starts(tmp_path, FLAGS, port):
            client = stack.enter_context(client_of(port))
            client.wait_for_more()
        with systemd.starts(tmp_path, FLAGS, port):
            client.wait_for_more()
        with systemd.starts(tmp_path, FLAGS, port) as server:
            client.wait_for_more()
            client.stop()
            wait_until(lambda: server.total(COUNTED, since) >= client.sent, what="all of it")
            assert server.total(COUNTED, since) == client.sent
            assert server.total(REPORTED, since) == 0


def test_systemd_is_told_when_the_server_works_and_when_it_ends(
    tmp_path: Path, systemd: Systemd
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with systemd.starts(tmp_path, FLAGS, port):
        wait_until(lambda: systemd.names == [f"127.0.0.1_{port}/0"], what="the socket")
        wait_until(lambda: "READY=1" in systemd.told, what="the word")
        assert "STOPPING=1" not in systemd.told
    wait_until(lambda: "STOPPING=1" in systemd.told, what="the last word")


def test_under_systemd_what_comes_after_a_kill_waits(tmp_path: Path, systemd: Systemd) -> None:
    since, port = time.time(), free_port(socket.SOCK_DGRAM)
    with systemd.starts(tmp_path, FLAGS, port) as server:
        send_many(port, 100)
        wait_until(lambda: server.total(COUNTED, since) == 100, what="what was sent before")
        server.running.kill()
        send_many(port, 1000)
    with systemd.starts(tmp_path, FLAGS, port) as server:
        wait_until(lambda: server.total(COUNTED, since) == 1100, what="what was sent after")


def test_what_a_kept_socket_has_no_room_for_is_told_of_once(
    tmp_path: Path, systemd: Systemd
) -> None:
    since, port = time.time(), free_port(socket.SOCK_DGRAM)
    with systemd.starts(tmp_path, FLAGS, port) as server:
        server.running.signal_group(signal.SIGSTOP)
        send_many(port, MORE_THAN_A_BUFFER)
        server.running.signal_group(signal.SIGCONT)
        wait_until(lambda: told(server, since) == MORE_THAN_A_BUFFER, what="the first burst")
    send_many(port, MORE_THAN_A_BUFFER)
    with systemd.starts(tmp_path, FLAGS, port) as server:
        wait_until(lambda: told(server, since) >= 2 * MORE_THAN_A_BUFFER, what="the second burst")
        assert told(server, since) == 2 * MORE_THAN_A_BUFFER
        assert server.total(KERNEL, since) > 0


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_a_socket_whose_address_is_left_is_freed(tmp_path: Path, systemd: Systemd) -> None:
    left, taken = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    with systemd.starts(tmp_path, FLAGS, left):
        systemd.settle()
    with systemd.starts(tmp_path, FLAGS, taken):
        systemd.settle()
        assert systemd.names == [f"127.0.0.1_{taken}/0"]
        wait_until(lambda: _is_free(left), what="the address that was left")
