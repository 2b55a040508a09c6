import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.worker.address import Address, Transport, parse_address
from celeryscope.worker.buffered import MAX_WAITING, BufferedSocket
from celeryscope.worker.sender import Sender
from celeryscope.worker.settings import SettingError, resolve
from support.processes import free_port, wait_until
from support.receivers import TcpReceiver, tcp_receiver, unix_receiver

LINE = b"a.b:1|c"
MakeSender = Callable[[str], Sender]


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender_to(clock: Clock) -> Iterator[MakeSender]:
    senders: list[Sender] = []

    def make(address: str) -> Sender:
        senders.append(Sender(parse_address(address), clock=clock))
        return senders[-1]

    yield make
    for sender in senders:
        sender.close()


@pytest.fixture
def server() -> Iterator[TcpReceiver]:
    with tcp_receiver() as listening:
        yield listening


def connected(sender: Sender, server: TcpReceiver) -> Sender:
    """Send a first line, and wait until it came."""
    before = server.accepted()
    sender.send(LINE)
    wait_until(lambda: server.accepted() > before, within=10, what="a connection")
    wait_until(no_search_runs, within=10)
    return sender


def no_search_runs() -> bool:
    return not any(thread.name == "celeryscope-connect" for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("udp://127.0.0.1:8125", Address("127.0.0.1", 8125)),
        ("udp://[::1]:8125", Address("::1", 8125)),
        ("tcp://statsd:8125", Address("statsd", 8125, Transport.TCP)),
        ("tcp://[::1]:8125", Address("::1", 8125, Transport.TCP)),
        ("unix:///run/statsd.sock", Address("/run/statsd.sock", transport=Transport.UNIX)),
    ],
)
def test_an_address_may_name_its_transport(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text.removeprefix("udp://")


@pytest.mark.parametrize(
    "text",
    [
        "tcp://",
        "tcp://host",
        "TCP://host:1",
        "http://host:1",
        "udp:host:1",
        "tcp:///path:1",
        "unix://",
        "unix://relative.sock",
        "unix:///a\0b",
        "unix:///" + "x" * 107,
    ],
)
def test_another_address_is_none(text: str) -> None:
    with pytest.raises(SettingError, match="or unix:///PATH"):
        resolve({"statsd": text}, {}, {})


def test_a_unix_socket_gets_datagrams(sender_to: MakeSender, tmp_path: Path) -> None:
    with unix_receiver(tmp_path / "statsd.sock") as heard:
        sender_to(heard.address).send(LINE)

        assert heard.datagrams() == [LINE]


def test_a_full_unix_socket_drops_what_is_too_much_and_counts(
    sender_to: MakeSender, tmp_path: Path
) -> None:
    with unix_receiver(tmp_path / "statsd.sock") as heard:
        sender = sender_to(heard.address)
        for number in range(2000):
            sender.send(b"a.%d:1|c" % number)
        assert sender.dropped == 2000 - sender.sent > 0

        taken = sender.sent
        found: list[bytes] = []
        while len(found) < taken:
            found += heard.datagrams()
            sender.report()
    assert [one for one in found if one.startswith(b"a.")] == [
        b"a.%d:1|c" % number for number in range(taken)
    ]


def test_a_unix_socket_is_found_again_when_its_server_has_come_back(
    sender_to: MakeSender, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "statsd.sock"
    sender = sender_to(f"unix://{path}")
    sender.send(b"before:1|c")
    with unix_receiver(path) as first:
        clock.now += 2
        sender.send(LINE)
        assert first.datagrams() == [b"before:1|c", LINE]
    sender.send(b"meanwhile:1|c")
    with unix_receiver(path) as second:
        clock.now += 2
        sender.send(b"meanwhile:2|c")
        clock.now += 2
        sender.send(LINE)
        assert second.datagrams() == [b"meanwhile:1|c", b"meanwhile:2|c", LINE]

    assert sender.dropped == 0


def test_tcp_gets_whole_lines_each_with_its_end(sender_to: MakeSender, server: TcpReceiver) -> None:
    sender = sender_to(server.address)
    sender.send(LINE)
    sender.send(LINE + b"\n" + LINE)

    assert server.wait_for_lines(3) == [LINE] * 3
    assert server.accepted() == 1
    wait_until(lambda: (sender.sent, sender.dropped) == (2, 0), within=10, what="counts")


def test_what_came_before_the_connection_is_held(sender_to: MakeSender, clock: Clock) -> None:
    port = free_port()
    sender = sender_to(f"tcp://127.0.0.1:{port}")
    for number in range(5):
        sender.send(b"before.%d:1|c" % number)
        wait_until(no_search_runs)
    with tcp_receiver(port) as server:
        clock.now += 100
        sender.send(LINE)

        assert server.wait_for_lines(6)[0] == b"before.0:1|c"
    assert sender.dropped == 0


def test_no_more_than_a_bounded_number_is_held(sender_to: MakeSender) -> None:
    sender = sender_to(f"tcp://127.0.0.1:{free_port()}")
    for _ in range(MAX_WAITING + 10):
        sender.send(LINE)

    assert (sender.sent, sender.dropped) == (0, 10)


def test_a_server_that_never_reads_loses_what_is_too_much_and_every_datagram_is_counted(
    sender_to: MakeSender, server: TcpReceiver
) -> None:
    sender = connected(sender_to(server.address), server)
    lines = b"\n".join([b"%s:1|c" % (b"x" * 1000)])
    for _ in range(20_000):
        sender.send(lines)

    assert sender.dropped > 0
    assert sender.sent + sender.dropped == 20_001
    assert len(sender._link._waiting) == MAX_WAITING  # type: ignore[union-attr]

    taken = sender.sent
    while len(server.lines()) < taken:
        sender.send(LINE)
    assert set(server.lines()) == {LINE, lines}


def test_what_the_server_was_too_slow_for_goes_without_another_datagram(
    sender_to: MakeSender, tmp_path: Path
) -> None:
    with unix_receiver(tmp_path / "statsd.sock") as heard:
        sender = sender_to(heard.address)
        for _ in range(200):
            sender.send(LINE)
        found: list[bytes] = []
        while len(found) < 200:
            found += wait_until(heard.datagrams, within=10)

    assert sender.dropped == 0


def test_a_lost_connection_is_opened_again_and_nothing_that_waited_is_lost(
    sender_to: MakeSender, server: TcpReceiver, clock: Clock
) -> None:
    sender = connected(sender_to(server.address), server)
    server.wait_for_lines(1)
    server.hang_up()
    clock.now += 2
    sender.send(b"meanwhile:1|c")
    clock.now += 2
    sender.send(LINE)

    assert server.wait_for_lines(3) == [LINE, b"meanwhile:1|c", LINE]
    assert sender.dropped == 0


def test_a_connection_is_tried_again_after_growing_pauses(
    sender_to: MakeSender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried_at = []

    def refuse(*_: object) -> None:
        tried_at.append(clock.now - 1000)
        raise ConnectionRefusedError

    monkeypatch.setattr("celeryscope.worker.route._prepare_stream", refuse)
    sender = sender_to("tcp://127.0.0.1:1")
    for _ in range(130):
        sender.send(LINE)
        wait_until(no_search_runs)
        clock.now += 1

    assert tried_at == [0, 1, 3, 7, 15, 31, 63, 123]


def test_a_forked_child_has_a_connection_of_its_own(
    sender_to: MakeSender, server: TcpReceiver
) -> None:
    sender = connected(sender_to(server.address), server)
    child = os.fork()
    if child == 0:
        sender.send(b"child:1|c")
        sender.finish()
        os._exit(0)
    os.waitpid(child, 0)
    sender.send(LINE)

    assert sorted(server.wait_for_lines(4)) == [
        LINE,
        LINE,
        b"celeryscope.client.sent:1|c",
        b"child:1|c",
    ]
    assert server.accepted() == 2


def test_the_end_of_a_process_waits_a_moment_for_what_is_held(
    sender_to: MakeSender, server: TcpReceiver
) -> None:
    sender = sender_to(server.address)
    sender.send(LINE)
    sender.finish()

    assert server.wait_for_lines(2) == [LINE, b"celeryscope.client.sent:1|c"]


def test_threads_share_a_connection_and_no_line_is_broken(
    sender_to: MakeSender, server: TcpReceiver
) -> None:
    sender = connected(sender_to(server.address), server)

    def send_many(number: int) -> None:
        for _ in range(100):
            sender.send(b"%d.%s:1|c" % (number, b"x" * 600))

    threads = [threading.Thread(target=send_many, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while len(server.lines()) < 801:
        sender.send(LINE)

    heard = Counter(server.lines())
    del heard[LINE]
    assert heard == {b"%d.%s:1|c" % (number, b"x" * 600): 100 for number in range(8)}


class Dribble:
    """A socket that takes as many bytes at a time as a test says."""

    def __init__(self, takes: list[int]) -> None:
        self._takes = takes
        self.got = b""

    def fileno(self) -> int:
        """Leave no helper anything to wait for."""
        return -1

    def send(self, data: bytes) -> int:
        taken = min(self._takes.pop(0) if self._takes else len(data), len(data))
        if not taken:
            raise BlockingIOError
        self.got += data[:taken]
        return taken


@given(st.lists(st.integers(0, 9), max_size=60), st.lists(st.binary(max_size=12), min_size=1))
def test_whatever_the_kernel_takes_at_a_time_all_bytes_arrive_in_order(
    takes: list[int], datagrams: list[bytes]
) -> None:
    kernel = Dribble(takes)
    stream = BufferedSocket(kernel, ending=b"\n")  # type: ignore[arg-type]
    for datagram in datagrams:
        stream.send(datagram)
    while takes:
        stream.send(b"")
    stream.send(b"")

    assert kernel.got.rstrip(b"\n") == b"\n".join(datagrams).rstrip(b"\n")


def test_a_signal_that_sends_while_the_same_thread_is_sending_does_not_wait(
    server: TcpReceiver,
) -> None:
    client = socket.create_connection(("127.0.0.1", server.port))
    client.settimeout(0)
    stream = BufferedSocket(client, ending=b"\n")

    class Interrupted(Dribble):
        def send(self, data: bytes) -> int:
            if data == b"outer\n":
                stream.send(b"inner")
            return client.send(data)

    stream._socket = Interrupted([])  # type: ignore[assignment]
    stream.send(b"outer")

    assert server.wait_for_lines(2) == [b"outer", b"inner"]
    client.close()


def test_a_stranger_on_the_unix_path_is_only_a_server_that_is_down(
    sender_to: MakeSender, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.touch()
    sender = sender_to(f"unix://{path}")
    for _ in range(MAX_WAITING + 1):
        sender.send(LINE)

    assert (sender.sent, sender.dropped) == (0, 1)
