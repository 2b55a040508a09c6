"""The admin port: what its commands answer, and that no client of it can do harm."""

import contextlib
import json
import logging
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from celeryscope.address import Address
from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.statsd.admin import Admin
from celeryscope.statsd.line_server import MAX_LINE, LineServer
from support.processes import wait_until

NOON = 1_700_000_000.0


@dataclass
class Refused:
    line: str
    reason: str
    sender: str


@dataclass
class Interval:
    """An interval under way, which counts how often it was asked for."""

    series: dict[Kind, dict[str, float]] = field(
        default_factory=lambda: {
            Kind.COUNTER: {"a.b": 3.0, "a.c": 0.5, "ab": 1.0},
            Kind.GAUGE: {"g": -2.0},
            Kind.TIMER: {"t": 0.0},
        }
    )
    values: list[float] = field(default_factory=lambda: [1.0, 2.5])
    asked: int = 0

    def counters(self) -> Mapping[str, float]:
        return self.series[Kind.COUNTER]

    def gauges(self) -> Mapping[str, float]:
        return self.series[Kind.GAUGE]

    def timers(self) -> Mapping[str, list[float]]:
        return dict.fromkeys(self.series[Kind.TIMER], self.values)

    def bad_lines(self) -> list[Refused]:
        return [Refused("x:y|c", "value", "127.0.0.1:9")]

    def forget(self, kind: Kind, pattern: str) -> list[str]:
        known = self.series[kind]
        folder = pattern.removesuffix("*")
        found = [
            name
            for name in known
            if name == pattern or (folder != pattern and name.startswith(folder))
        ]
        for name in found:
            del known[name]
        return found

    @contextlib.contextmanager
    def paused(self) -> Iterator["Interval"]:
        self.asked += 1
        yield self


@dataclass
class Rig:
    """An admin on a clock that the tests move."""

    interval: Interval
    now: float = NOON

    def __post_init__(self) -> None:
        self.admin = Admin(self.interval, {"statsd": "127.0.0.1:8125"}, clock=lambda: self.now)

    def answer(self, line: str) -> str:
        answer = self.admin.answer(line)
        assert answer is not None
        return answer.decode()

    def shown(self, line: str) -> object:
        answer = self.answer(line)
        assert answer.endswith("\nEND\n\n")
        return json.loads(answer.removesuffix("END\n\n"))


@pytest.fixture
def rig() -> Rig:
    return Rig(Interval())


def test_help_is_nodes_with_one_line_more(rig: Rig) -> None:
    node = (
        "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, health,"
        " config, quit\n"
    )
    assert rig.answer("help") == node + "Also: badlines\n\n"


def test_the_interval_under_way_is_shown_as_json(rig: Rig) -> None:
    assert rig.shown("counters") == {"a.b": 3, "a.c": 0.5, "ab": 1}
    assert rig.shown("gauges") == {"g": -2}
    assert rig.shown("timers") == {"t": [1, 2.5]}
    assert '"a.b": 3,' in rig.answer("counters")


def test_of_a_timer_with_many_values_the_first_are_shown(rig: Rig) -> None:
    rig.interval.values = [0.5] * 123
    assert rig.shown("timers") == {"t": [0.5] * 100 + ["... 23 more items"]}


def test_bad_lines_are_shown_with_reason_and_sender(rig: Rig) -> None:
    assert rig.shown("badlines") == [{"line": "x:y|c", "reason": "value", "sender": "127.0.0.1:9"}]


def test_series_are_deleted_by_name_and_by_folder(rig: Rig) -> None:
    assert rig.answer("delcounters a.*  nothing ab") == (
        "deleted: a.b\ndeleted: a.c\nmetric nothing not found\ndeleted: ab\nEND\n\n"
    )
    assert rig.shown("counters") == {}
    assert rig.answer("delgauges g") == "deleted: g\nEND\n\n"
    assert rig.answer("deltimers t") == "deleted: t\nEND\n\n"
    assert rig.answer("deltimers") == "END\n\n"


def test_deleting_lets_the_aggregation_go_on_between_names(rig: Rig) -> None:
    rig.answer("delcounters a b c")
    assert rig.interval.asked == 3


def test_so_many_names_that_they_would_take_long_are_refused(rig: Rig) -> None:
    assert rig.answer("delcounters" + " a.*" * 101) == "ERROR\n"
    assert rig.interval.asked == 0


def test_health_is_what_it_was_last_set_to(rig: Rig) -> None:
    for line, health in [
        ("health", "up"),
        ("health DOWN", "down"),
        ("health", "down"),
        ("health ill", "down"),
        ("health up", "up"),
    ]:
        assert rig.answer(line) == f"health: {health}\n"


def test_config_tells_the_settings_in_force(rig: Rig) -> None:
    assert rig.answer("config") == "\nstatsd: 127.0.0.1:8125\n"


def test_stats_sum_what_the_server_says_of_itself_up_to_now(rig: Rig) -> None:
    counters = {"celeryscope.packets": 2.0, "celeryscope.bad_lines.value": 1.0, "task": 9.0}
    rig.now += 10
    rig.admin.put(Flush(NOON, 10.0, counters, {"celeryscope.series": 5.0, "g": 1.0}))
    rig.now += 10
    more = {"celeryscope.packets": 1.0, "celeryscope.bad_lines.rate": 4.0}
    rig.admin.put(Flush(NOON + 10, 10.0, more, {"celeryscope.series": 6.5}))
    rig.now += 2.6
    under_way = {"celeryscope.bad_lines.rate": 1.0, "a": 1.0}
    rig.interval.series[Kind.COUNTER] = under_way
    assert rig.answer("stats") == (
        "uptime: 23\n"
        "messages.last_msg_seen: 3\n"
        "messages.bad_lines_seen: 6\n"
        "celeryscope.packets: 3\n"
        "celeryscope.bad_lines.value: 1\n"
        "celeryscope.bad_lines.rate: 5\n"
        "celeryscope.series: 6.5\n"
        "END\n\n"
    )


def test_a_message_is_last_seen_when_one_came_and_at_first_when_the_server_began(rig: Rig) -> None:
    rig.now += 5
    assert "messages.last_msg_seen: 5\n" in rig.answer("stats")
    rig.admin.put(Flush(NOON, 5.0, {"celeryscope.packets": 1.0}))
    rig.now += 7
    rig.admin.put(Flush(NOON + 5, 7.0))
    assert "messages.last_msg_seen: 7\n" in rig.answer("stats")
    rig.interval.series[Kind.COUNTER] = {"celeryscope.packets": 1.0}
    assert "messages.last_msg_seen: 0\n" in rig.answer("stats")


def test_clients_cannot_make_the_stats_grow_for_ever(rig: Rig) -> None:
    for part in range(5):
        names = {f"celeryscope.{part}.{n}": 1.0 for n in range(500)}
        rig.admin.put(Flush(NOON, 1.0, names))
    assert rig.answer("stats").count("\n") == 3 + 1000 + 2


@pytest.mark.parametrize("line", ["nonsense", "STATS", "\ufffd", "stats,counters"])
def test_an_unknown_command_is_an_error(rig: Rig, line: str) -> None:
    assert rig.answer(line) == "ERROR\n"


@pytest.mark.parametrize("line", ["quit", "POST / HTTP/1.1", "GET /stats HTTP/1.0"])
def test_quitting_and_http_end_the_connection(rig: Rig, line: str) -> None:
    assert rig.admin.answer(line) is None


class Client:
    """A connection to a line server."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection((address.host, address.port), timeout=10)

    def send(self, sent: bytes) -> None:
        self.socket.sendall(sent)

    def receive(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            chunk = self.socket.recv(length - len(received))
            assert chunk, received
            received += chunk
        return received

    def is_closed(self) -> bool:
        with contextlib.suppress(ConnectionResetError):
            return self.socket.recv(1) == b""
        return True


def echo(line: str) -> bytes | None:
    if line == "fail":
        raise ValueError(line)
    if line == "big":
        return b"x" * 20_000_000
    return None if line == "quit" else f"<{line}>".encode()


class Serving:
    """A line server on a clock that the tests move, and its clients."""

    def __init__(self) -> None:
        self.now = 0.0
        self.server = LineServer(
            Address("127.0.0.1", 0), echo, max_connections=3, idle_seconds=5, clock=self._clock
        )
        self._clients: list[Client] = []

    def _clock(self) -> float:
        return self.now

    def client(self) -> Client:
        client = Client(self.server.address)
        self._clients.append(client)
        return client

    def close(self) -> None:
        self.server.stop()
        for client in self._clients:
            client.socket.close()


@pytest.fixture
def serving() -> Iterator[Serving]:
    rig = Serving()
    rig.server.start()
    with contextlib.closing(rig):
        yield rig


def test_lines_are_answered_in_order_whatever_segments_they_come_in(serving: Serving) -> None:
    client = serving.client()
    client.send(b"one\r\ntwo words\n\n  \nthr")
    assert client.receive(16) == b"<one><two words>"
    client.send(b"ee\n")
    assert client.receive(7) == b"<three>"


def test_what_has_no_newline_is_answered_when_the_client_ends_its_side(serving: Serving) -> None:
    client = serving.client()
    client.send(b"one\ntwo")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.receive(10) == b"<one><two>"
    assert client.is_closed()


def test_an_end_of_the_connection_can_be_asked_for(serving: Serving) -> None:
    client = serving.client()
    client.send(b"one\nquit\nnever\n")
    assert client.receive(5) == b"<one>"
    assert client.is_closed()


def test_bytes_that_are_no_ascii_do_no_harm(serving: Serving) -> None:
    client = serving.client()
    client.send(b"\xff\x00\xc3\n")
    assert client.receive(9) == "<\ufffd\x00\ufffd>".encode()


def test_an_answer_that_fails_is_logged_and_the_next_is_given(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    client = serving.client()
    with caplog.at_level(logging.ERROR):
        client.send(b"fail\none\n")
        assert client.receive(11) == b"ERROR\n<one>"
    assert "no answer to 'fail'" in caplog.text


def test_a_line_without_end_is_refused(serving: Serving) -> None:
    client = serving.client()
    client.send(b"x" * (MAX_LINE + 1))
    assert client.receive(6) == b"ERROR\n"
    assert client.is_closed()


def test_a_client_that_does_not_read_holds_up_no_other(serving: Serving) -> None:
    slow, quick = serving.client(), serving.client()
    slow.send(b"big\n" * 10)
    quick.send(b"one\n")
    assert quick.receive(5) == b"<one>"
    assert slow.receive(30_000_000) == b"x" * 30_000_000


def test_connections_above_the_limit_are_closed(serving: Serving) -> None:
    clients = [serving.client() for _ in range(3)]
    for client in clients:
        client.send(b"one\n")
        assert client.receive(5) == b"<one>"
    assert serving.client().is_closed()
    clients[0].send(b"quit\n")
    assert clients[0].is_closed()
    again = serving.client()
    again.send(b"one\n")
    assert again.receive(5) == b"<one>"


def test_a_connection_that_idles_is_closed_and_one_that_does_not_stays(serving: Serving) -> None:
    idle, dripping, busy = serving.client(), serving.client(), serving.client()
    for second in (2, 4):
        dripping.send(b"x")
        busy.send(b"one\n")
        assert busy.receive(5) == b"<one>"
        serving.now = second
    busy.send(b"one\n")
    assert busy.receive(5) == b"<one>"
    serving.now = 5.5
    busy.send(b"one\n")
    assert busy.receive(5) == b"<one>"
    assert idle.is_closed()
    assert dripping.is_closed()
    busy.send(b"one\n")
    assert busy.receive(5) == b"<one>"


def test_a_client_that_is_gone_frees_its_place(serving: Serving) -> None:
    for _ in range(10):
        client = serving.client()
        client.send(b"big\n")
        client.socket.close()
    wait_until(lambda: not serving.server._connections)


def test_stopping_ends_all_connections_and_frees_the_address() -> None:
    server = LineServer(Address("127.0.0.1", 0), echo)
    address = server.address
    server.start()
    client = Client(address)
    client.send(b"one\n")
    assert client.receive(5) == b"<one>"
    server.stop()
    assert client.is_closed()
    client.socket.close()
    LineServer(address, echo).close()
