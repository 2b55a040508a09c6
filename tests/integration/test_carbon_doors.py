"""Carbon's doors on real sockets, as Graphite's clients use them."""

import logging
import pickle
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from celeryscope.address import Address
from celeryscope.carbon import receiver
from celeryscope.carbon.receiver import Receiver, Sink
from celeryscope.carbon.udp import UdpDoor
from celeryscope.carbon.writer import PointWriter
from celeryscope.metrics import Kind
from celeryscope.store.protocol import Points, StoreError
from support import stores
from support.processes import accepts, free_port, running, wait_until
from support.stores import START

GRAPHITE = Path(__file__).parents[2] / ".graphite"
RELAY = """
[relay]
USER =
STORAGE_DIR = {folder}
CONF_DIR = {folder}
LOG_DIR = {folder}
PID_DIR = {folder}
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_PORT = 0
MAX_QUEUE_SIZE = 10000
RELAY_METHOD = consistent-hashing
DESTINATIONS = {destination}:a
DESTINATION_PROTOCOL = {protocol}
"""
LOCAL = Address("127.0.0.1", 0)
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
THEN = 1_600_000_000

Row = tuple[str, int, float]


class Kept:
    """A sink that keeps rows; it is full beyond so many."""

    def __init__(self, room: float = float("inf")) -> None:
        self.rows: list[Row] = []
        self.room = room

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= self.room

    def put(self, points: Points) -> None:
        columns = points.names, points.timestamps.tolist(), points.values.tolist()
        self.rows += zip(*columns, strict=True)

    def wait_for(self, rows: Sequence[Row]) -> None:
        wait_until(lambda: len(self.rows) >= len(rows), what=f"{len(rows)} points")
        assert self.rows == list(rows)


class Doors:
    """A receiver with all its doors open."""

    def __init__(self, sink: Sink) -> None:
        self.receiver = Receiver(sink)
        self.lines = self.receiver.listen_for_lines(LOCAL)
        self.pickles = self.receiver.listen_for_pickles(LOCAL)
        self._counts: dict[str, int] = {}

    def counts(self) -> dict[str, int]:
        """Return what was counted until now, without what was not."""
        for name, count in self.receiver.counters().items():
            self._counts[name] = self._counts.get(name, 0) + count
        return {name.removeprefix("carbon."): n for name, n in self._counts.items() if n}

    def wait_for(self, counts: dict[str, int]) -> None:
        wait_until(lambda: self.counts() == counts, what=str(counts))


@contextmanager
def opened(sink: Sink) -> Iterator[Doors]:
    doors = Doors(sink)
    doors.receiver.start()
    try:
        yield doors
    finally:
        doors.receiver.stop()


def client(address: Address) -> socket.socket:
    connected = socket.create_connection((address.host, address.port))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def rows(count: int) -> list[Row]:
    """Return points in no order of time, some of them for the same series and step."""
    return [(f"a.b{i % 50}", THEN - i * 37 % 100_000, i / 4) for i in range(count)]


def as_lines(sent: Sequence[Row]) -> bytes:
    return b"".join(b"%b %r %d\n" % (name.encode(), value, at) for name, at, value in sent)


def as_message(sent: Sequence[Row], protocol: int = 2) -> bytes:
    payload = pickle.dumps([(name, (at, value)) for name, at, value in sent], protocol)
    return struct.pack("!I", len(payload)) + payload


def was_closed(one: socket.socket) -> bool:
    one.settimeout(10)
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


def test_lines_by_tcp_arrive_as_sent_whatever_parts_they_come_in() -> None:
    kept, sent = Kept(), rows(20_000)
    with opened(kept) as doors, client(doors.lines) as one:
        stream = as_lines(sent)
        for start in range(0, len(stream), 4999):
            one.sendall(stream[start : start + 4999])
        kept.wait_for(sent)
        doors.wait_for({"points": 20_000})


def test_lines_by_udp_arrive_from_the_same_port() -> None:
    kept, sent = Kept(), rows(500)
    with opened(kept) as doors, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        for start in range(0, 500, 25):
            part = as_lines(sent[start : start + 25])
            one.sendto(part.rstrip(), (doors.lines.host, doors.lines.port))
        kept.wait_for(sent)
        doors.wait_for({"points": 500})


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_arrive_as_sent(protocol: int) -> None:
    kept, sent = Kept(), rows(5000)
    with opened(kept) as doors, client(doors.pickles) as one:
        for start in range(0, 5000, 500):
            one.sendall(as_message(sent[start : start + 500], protocol))
        kept.wait_for(sent)
        doors.wait_for({"points": 5000})


def test_bad_lines_name_their_sender_and_the_good_ones_arrive() -> None:
    kept = Kept()
    with opened(kept) as doors, client(doors.lines) as one:
        one.sendall(b"a 1 %d\na nan %d\nGET / HTTP/1.1 x\nb 2 %d\n" % (THEN, THEN, THEN))
        kept.wait_for([("a", THEN, 1.0), ("b", THEN, 2.0)])
        doors.wait_for({"points": 2, "bad_lines.nan": 1, "bad_lines.format": 1})
        bad = doors.receiver.bad_lines()
        assert [line.line for line in bad] == [f"a nan {THEN}", "GET / HTTP/1.1 x"]
        assert {line.sender for line in bad} == {f"tcp {Address(*one.getsockname())}"}


def test_a_hostile_pickle_is_refused_and_the_connection_lives() -> None:
    kept = Kept()
    with opened(kept) as doors, client(doors.pickles) as one:
        hostile = b"cos\nsystem\n(S'true'\ntR."
        one.sendall(struct.pack("!I", len(hostile)) + hostile + as_message([("a", THEN, 1.0)]))
        kept.wait_for([("a", THEN, 1.0)])
        doors.wait_for({"points": 1, "bad_lines.pickle": 1})


def test_lines_sent_to_the_pickle_port_are_hung_up_on() -> None:
    with opened(Kept()) as doors, client(doors.pickles) as one:
        one.sendall(b"a 1 1600000000\n")
        assert was_closed(one)
        doors.wait_for({"bad_lines.long": 1, "dropped.torn": 1})


def test_a_last_line_counts_when_the_client_closes_but_not_when_it_is_cut_off() -> None:
    kept = Kept()
    with opened(kept) as doors:
        with client(doors.lines) as one:
            one.sendall(b"a 1 %d" % THEN)
        kept.wait_for([("a", THEN, 1.0)])
        with client(doors.lines) as one:
            one.sendall(b"b 1 %d\nc 1 %d" % (THEN, THEN))
            wait_until(lambda: len(kept.rows) == 2, what="the whole line")
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        doors.wait_for({"points": 2, "dropped.torn": 1})


def test_silent_and_slow_clients_hold_nobody_up() -> None:
    kept = Kept()
    with ExitStack() as silent_ones, opened(kept) as doors:
        for address, start in [(doors.lines, b"half a li"), (doors.pickles, b"\0\0\1")] * 50:
            silent_ones.enter_context(client(address)).sendall(start)
        with client(doors.lines) as one:
            one.sendall(b"a 1 %d\n" % THEN)
            kept.wait_for([("a", THEN, 1.0)])
    doors.wait_for({"points": 1, "dropped.torn": 100})


def test_clients_wait_while_the_sink_is_full() -> None:
    kept, sent = Kept(room=0), [("a" * 400, THEN + i, 1.0) for i in range(60_000)]
    with opened(kept) as doors, client(doors.lines) as one:
        # More than the kernel's buffers of both sides can hold.
        sender = Thread(target=one.sendall, args=[as_lines(sent)])
        sender.start()
        sender.join(0.5)
        assert sender.is_alive()
        assert kept.rows == []
        kept.room = float("inf")
        kept.wait_for(sent)
        sender.join()
        doors.wait_for({"points": 60_000})


def test_datagrams_that_the_kernel_dropped_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "UdpDoor", partial(UdpDoor, buffer_bytes=4096))
    kept = Kept(room=0)
    with opened(kept) as doors, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        for line in as_lines(rows(500)).splitlines():
            one.sendto(line, (doors.lines.host, doors.lines.port))
        kept.room = float("inf")
        wait_until(lambda: sum(doors.counts().values()) == 500, what="all to be counted")
        assert doors.counts().keys() == {"points", "dropped.kernel"}
        assert doors.counts()["points"] == len(kept.rows)


def test_points_of_any_age_can_be_read_from_the_store_and_the_last_of_a_step_counts(
    tmp_path: Path,
) -> None:
    with stores.opened(tmp_path) as store:
        writer = PointWriter(store, gather_seconds=0.01)
        writer.start()
        with opened(writer) as doors, client(doors.lines) as one, client(doors.pickles) as other:
            for sent in [("a.b", START + 20, 3.0), ("a.b", START, 1.0), ("a.b", START + 21, 4.0)]:
                one.sendall(as_lines([sent]))
            wait_until(lambda: doors.counts() == {"points": 3}, what="the lines")
            other.sendall(as_message([("a.b", START + 5, 2.0), ("a.b;t=1", START - 10**6, 5.0)]))
            wait_until(lambda: doors.counts() == {"points": 5}, what="the message")
        writer.stop()
        assert writer.waiting == 0
        found = stores.series(store, Kind.PLAIN, "a.*")
        tagged = store.tags.find(Kind.PLAIN, ["a", "*"])
        assert [one.name for one in (*found, *tagged)] == ["a.b", "a.b;t=1"]
        recent = store.points(found[:1], store.window(START, START + 30))
        np.testing.assert_equal(recent, [[2.0, np.nan, 4.0]])


def test_what_has_arrived_at_the_stop_is_handed_on_and_the_addresses_are_free() -> None:
    kept, sent = Kept(), rows(5000)
    doors = Doors(kept)
    with client(doors.lines) as one, client(doors.pickles) as other:
        one.sendall(as_lines(sent) + b"torn 1")
        other.sendall(as_message(sent[:100])[:-1])
        doors.receiver.start()
        doors.receiver.stop()
        assert was_closed(one)
    assert kept.rows == sent
    assert doors.counts() == {"points": 5000, "dropped.torn": 2}
    successor = Receiver(kept)
    with closing(successor):
        assert successor.listen_for_lines(doors.lines) == doors.lines
        assert successor.listen_for_pickles(doors.pickles) == doors.pickles


def test_a_full_sink_keeps_nothing_in_the_kernels_buffers_at_the_stop() -> None:
    kept, sent = Kept(room=0), rows(5000)
    doors = Doors(kept)
    address = doors.lines.host, doors.lines.port
    with client(doors.lines) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        doors.receiver.start()
        one.sendall(as_lines(sent))
        other.sendto(b"by.udp 1 %d" % THEN, address)
        doors.receiver.stop()
    assert sorted(kept.rows) == sorted([*sent, ("by.udp", THEN, 1.0)])
    assert doors.counts() == {"points": 5001}


def test_clients_whose_points_were_left_at_the_stop_are_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receiver, "_LAST_TURNS", 2)  # to accept, and to read
    caplog.set_level(logging.ERROR)
    kept, sent = Kept(room=0), rows(40_000)
    doors = Doors(kept)
    with client(doors.lines) as one:
        one.sendall(as_lines(sent))
        doors.receiver.start()
        doors.receiver.stop()
    assert 0 < len(kept.rows) < len(sent)
    assert caplog.messages == [f"clients of tcp {doors.lines} cut off before all was read: 1"]


def test_points_that_the_store_does_not_take_at_the_stop_are_counted_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    writer = PointWriter(Broken(), max_waiting=10, gather_seconds=0.01)
    writer.start()
    with opened(writer) as doors, client(doors.lines) as one:
        one.sendall(as_lines(rows(10)))
        wait_until(lambda: writer.is_full)
        one.sendall(as_lines(rows(5000)))
    writer.stop()
    assert caplog.messages[-1] == "5010 points could not be stored and are lost"


class Broken:
    """A store that takes nothing."""

    def write_points(self, points: Points) -> int:
        raise StoreError(f"no room for {len(points.names)}")


def test_an_address_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, closing(Receiver(Kept())) as receiver:
        taken = Address(*other.getsockname())
        with pytest.raises(OSError, match="in use"):
            receiver.listen_for_lines(taken)
        with pytest.raises(OSError, match="in use"):
            receiver.listen_for_pickles(taken)


def test_a_sink_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept()
    put, kept.put = kept.put, None  # type: ignore[assignment, method-assign]
    with opened(kept) as doors, client(doors.lines) as one:
        one.sendall(b"a 1 %d\n" % THEN)
        wait_until(lambda: "receiving failed" in caplog.text, what="the failure")
        kept.put = put  # type: ignore[method-assign]
        one.sendall(b"b 1 %d\n" % THEN)
        kept.wait_for([("b", THEN, 1.0)])


@pytest.mark.parametrize("protocol", ["line", "pickle"])
def test_carbons_own_relay_hands_on_to_the_doors(protocol: str, tmp_path: Path) -> None:
    kept, sent, port = Kept(), rows(3000), free_port()
    with opened(kept) as doors:
        destination = doors.lines if protocol == "line" else doors.pickles
        config = tmp_path / "carbon.conf"
        config.write_text(
            RELAY.format(folder=tmp_path, port=port, destination=destination, protocol=protocol)
        )
        (tmp_path / "storage-schemas.conf").write_text("")
        python, program = GRAPHITE / "bin" / "python", GRAPHITE / "bin" / "carbon-relay.py"
        command: list[str | Path] = [python, program, f"--config={config}", "--nodaemon", "start"]
        environment = {"GRAPHITE_ROOT": str(tmp_path)}
        with running(command, tmp_path / "relay.log", environment) as relay:
            wait_until(lambda: accepts(port) or relay.process.poll() is not None, what="the relay")
            assert relay.process.poll() is None, relay.output()
            with client(Address("127.0.0.1", port)) as one:
                one.sendall(as_lines(sent))
                wait_until(lambda: len(kept.rows) >= len(sent), what=relay.output())
    assert sorted(kept.rows) == sorted(sent)
