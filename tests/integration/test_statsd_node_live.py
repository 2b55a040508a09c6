"""Node statsd and ours side by side: the same traffic, the same flushes, one carbon for both."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random

import pytest

from support.node_statsd import GRAPHITE, NodeStatsd, Values, node_statsd
from support.processes import free_port, wait_until
from support.recording_carbon import RecordingCarbon, recording_carbon
from support.server import ServerUnderTest, celeryscope_server

THRESHOLDS = "50,90,99.9,-10"
# As many as node's receive buffer takes, should it not come to read any.
_LINES = 1000
WANTED = 3
MOST = 12
"""Bursts, of which one that the machine was too slow for falls into two intervals."""


@dataclass
class SideBySide:
    """Both servers, and the carbon to which each sends under a prefix of its own."""

    node: NodeStatsd
    ours: ServerUnderTest
    admin_port: int
    carbon: RecordingCarbon

    def send(self, datagrams: list[bytes]) -> None:
        """Send to both, well inside an interval: both end theirs with the second."""
        wait_until(lambda: 0.1 < time.time() % 1 < 0.4, what="the beginning of a second")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for datagram in datagrams:
                client.sendto(datagram, ("127.0.0.1", self.node.port))
                client.sendto(datagram, ("127.0.0.1", self.ours.statsd_port))

    def flushes_since(self, prefix: str, number: int) -> list[Values]:
        """Wait for the flush in which a burst began and the next, and return what they sent."""
        return wait_until(
            lambda: self._flushes(prefix, f"{prefix}.counters.start{number}.count"),
            what=f"burst {number} from {prefix}",
        )

    def _flushes(self, prefix: str, first: str) -> list[Values]:
        by_time: dict[int, Values] = {}
        for path, value, timestamp in self.carbon.points():
            if path.startswith(f"{prefix}."):
                by_time.setdefault(timestamp, {})[path] = value
        sent = list(by_time.values())
        began = next((place for place, one in enumerate(sent) if one.get(first)), len(sent))
        # Of the last there may be more to come.
        return sent[began : began + 2] if began + 2 < len(sent) else []

    def ask(self, port: int, *commands: str) -> str:
        """Return the answers of an admin port; node takes one command at a time."""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall("".join(f"{command}\n" for command in commands).encode())
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()

    def ask_both(self, command: str) -> tuple[str, str]:
        return self.ask(self.node.admin_port, command), self.ask(self.admin_port, command)


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    folder = tmp_path_factory.mktemp("side_by_side")
    admin_port = free_port()
    with ExitStack() as stack:
        carbon = stack.enter_context(recording_carbon())
        config = {
            "flushInterval": 1000,
            "deleteGauges": True,
            "percentThreshold": [float(one) for one in THRESHOLDS.split(",")],
            "graphiteHost": "127.0.0.1",
            "graphitePort": carbon.port,
            "graphite": {"legacyNamespace": False, "globalPrefix": "node"},
            "backends": [GRAPHITE],
        }
        node = stack.enter_context(node_statsd(folder, config))
        flags = ["--no-store", "--flush-interval", "1s", "--percentiles", THRESHOLDS]
        flags += ["--delete-idle", "gauges"]
        flags += ["--carbon", carbon.address, "--global-prefix", "ours"]
        flags += ["--admin", f"127.0.0.1:{admin_port}"]
        ours = stack.enter_context(celeryscope_server(folder, flags))
        both = SideBySide(node, ours, admin_port, carbon)
        wait_until(lambda: prefixes(carbon) == {"node", "ours"}, what="both to flush")
        yield both


def prefixes(carbon: RecordingCarbon) -> set[str]:
    return {point.path.partition(".")[0] for point in carbon.points()}


def burst(number: int) -> list[bytes]:
    """Return datagrams of lines of all kinds; the first and the last count the burst itself."""
    random = Random(number)
    lines = [_line(random, f"b{number}.{random.randint(0, 30)}") for _ in range(_LINES)]
    parts = [lines[start : start + 7] for start in range(0, len(lines), 7)]
    inner = ["\n".join(part).encode() for part in parts]
    return [f"start{number}:1|c".encode(), *inner, f"end{number}:1|c".encode()]


def _line(random: Random, key: str) -> str:
    return random.choice(
        [
            f"{key}.c:{random.randint(-3, 20)}|c|@0.5",
            f"{key}.t:{random.uniform(0, 1000):.3f}|ms",
            f"{key}.t:{random.randint(0, 99)}|ms|@0.1",
            f"{key}.g:{random.choice(('', '+', '-'))}{random.randint(0, 99)}|g",
            f"{key}.s:{random.randint(0, 40)}|s",
            f"{key}.tagged:1|c|#a:1,b:{random.randint(0, 2)}",
            f"{key}/odd name:1|c:4|c:7|ms",
            f"{key}.bad:x|c",
        ]
    )


def of_burst(number: int, values: Values) -> Values:
    """Return a burst's values without the prefix that says whose they are."""
    own = {name.partition(".")[2]: value for name, value in values.items()}
    return {
        name: value for name, value in own.items() if re.search(rf"\.(b|start|end){number}\.", name)
    }


def fell_into_one_interval(number: int, flushes: list[Values]) -> bool:
    return bool(of_burst(number, flushes[0]).get(f"counters.end{number}.count"))


def test_bursts_come_to_the_same_names_and_values_and_are_then_idle_alike(
    side_by_side: SideBySide,
) -> None:
    compared = 0
    for number in range(MOST):
        side_by_side.send(burst(number))
        node = side_by_side.flushes_since("node", number)
        ours = side_by_side.flushes_since("ours", number)
        if fell_into_one_interval(number, node) and fell_into_one_interval(number, ours):
            for expected, got in zip(node, ours, strict=True):
                assert of_burst(number, got) == pytest.approx(of_burst(number, expected), rel=1e-9)
            compared += 1
        if compared == WANTED:
            break
    assert compared == WANTED
    assert len(of_burst(number, node[0])) > 500


@pytest.mark.parametrize("command", ["health", "health down", "health up", "nonsense"])
def test_the_admin_ports_answer_alike(side_by_side: SideBySide, command: str) -> None:
    expected, got = side_by_side.ask_both(command)
    assert got == expected


def test_helps_differ_by_the_commands_that_node_has_not(side_by_side: SideBySide) -> None:
    expected, got = side_by_side.ask_both("help")
    assert got.replace("Also: badlines\n", "") == expected


def test_stats_and_config_have_nodes_form(side_by_side: SideBySide) -> None:
    expected, got = side_by_side.ask_both("stats")
    shared = ("uptime", "messages.last_msg_seen", "messages.bad_lines_seen")
    assert names_of(got)[:3] == names_of(expected)[:3] == list(shared)
    assert got.endswith("\nEND\n\n")
    assert expected.endswith("\nEND\n\n")
    expected, got = side_by_side.ask_both("config")
    assert (expected[0], got[0]) == ("\n", "\n")
    assert "\nflush_interval: 1s\n" in got
    assert "\nflushInterval: 1000\n" in expected


def names_of(lines: str) -> list[str]:
    return [line.partition(": ")[0] for line in lines.splitlines()]


@pytest.mark.parametrize("kind", ["counters", "timers", "gauges"])
def test_series_are_deleted_alike(side_by_side: SideBySide, kind: str) -> None:
    mark = {"counters": "c", "timers": "ms", "gauges": "g"}[kind]
    sent = "".join(f"del.{kind}.{name}:7|{mark}\n" for name in ("a", "b.c", "b.d")).encode()
    command = f"del{kind} del.{kind}.a del.{kind}.none del.{kind}.b.*"
    asked = 0
    while asked < MOST:
        side_by_side.send([sent])
        wait_until(lambda: all(f"del.{kind}.a" in one for one in side_by_side.ask_both(kind)))
        expected, got = side_by_side.ask_both(command)
        asked += 1
        if got == expected:
            break
    assert got == expected
    assert got.count("deleted: ") == 3
    assert f"metric del.{kind}.none not found\n" in got
