"""What receiving takes: CPU time by the datagram and by the line, and what a burst loses.

Whole servers as they come, celeryscope with its store and pages, side by side with node statsd.
Only its back end is left out, which makes it faster: nothing is sent on. Both sanitise names and
flush every ten seconds; a round's CPU time is that of its load and of the flushes until all of it
is flushed.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

import psutil

from harness import FOLDER, Report, Row
from support.node_statsd import NodeStatsd, node_statsd
from support.server import ServerUnderTest, celeryscope_server

ROUNDS = 3
BURST = 200_000
# Both flush every ten seconds.
SETTLED_SECONDS = 11.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many datagrams, at a pace that neither server falls behind."""

    count: int
    lines: int
    rate: int


SINGLE = Load(count=600_000, lines=1, rate=60_000)
PACKED = Load(count=100_000, lines=28, rate=10_000)


class Target(Protocol):
    """A running server, and how many datagrams it has flushed since it started."""

    port: int
    process: psutil.Process

    def received(self) -> int: ...


class Ours:
    def __init__(self, server: ServerUnderTest) -> None:
        self._server = server
        self._since = time.time()
        self.port = server.statsd_port
        self.process = psutil.Process(server.running.process.pid)

    def received(self) -> int:
        return self._own("packets")

    def dropped(self) -> int:
        return self._own("dropped.*")

    def _own(self, leaf: str) -> int:
        return round(self._server.total(f"stats.counters.celeryscope.{leaf}.count", self._since))


class Node:
    def __init__(self, server: NodeStatsd, noted: Path) -> None:
        self._noted = noted
        self.port = server.port
        self.process = psutil.Process(server.running.process.pid)

    def received(self) -> int:
        return sum(map(int, self._noted.read_text().split()))


def run() -> Report:
    """Give both servers the same loads by turns, and the burst in the end."""
    subprocess.run([FOLDER.parent / "scripts" / "node-statsd"], check=True)
    singles: dict[str, list[float]] = {"celeryscope": [], "node statsd": []}
    packeds: dict[str, list[float]] = {"celeryscope": [], "node statsd": []}
    with both() as (ours, node):
        servers: dict[str, Target] = {"celeryscope": ours, "node statsd": node}
        for server in servers.values():  # the first load makes the series
            us_per_datagram(server, SINGLE)
        for turn in range(ROUNDS):
            for name in sorted(servers, reverse=turn % 2 == 1):
                singles[name].append(us_per_datagram(servers[name], SINGLE))
                packeds[name].append(us_per_datagram(servers[name], PACKED))
        losses = {name: burst_loss(server) for name, server in servers.items()}
        sent = (1 + ROUNDS) * SINGLE.count + ROUNDS * PACKED.count + BURST
        if (told := ours.received() + ours.dropped()) != sent:
            raise AssertionError(f"{sent} datagrams were sent, celeryscope tells of {told}")
    return report(singles, packeds, losses)


def report(
    singles: dict[str, list[float]], packeds: dict[str, list[float]], losses: dict[str, float]
) -> Report:
    lines_per_second = {
        name: [1e6 * PACKED.lines / us for us in taken] for name, taken in packeds.items()
    }
    ours, node = "celeryscope", "node statsd"
    return Report(
        [
            *(Row(f"{name}, 1 line", "us/datagram", taken) for name, taken in singles.items()),
            *(
                Row(f"{name}, {PACKED.lines} lines", "lines/CPU s", rates)
                for name, rates in lines_per_second.items()
            ),
            *(Row(f"{name}, burst", "lost", [loss]) for name, loss in losses.items()),
        ],
        {
            "us_per_datagram": median(singles[ours]),
            "lines_per_cpu_second": median(lines_per_second[ours]),
            "ratio_datagram": median(singles[node]) / median(singles[ours]),
            "ratio_lines": median(packeds[node]) / median(packeds[ours]),
            "loss_ours": losses[ours],
            "loss_node": losses[node],
        },
    )


@contextlib.contextmanager
def both() -> Iterator[tuple[Ours, Node]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        noted = folder / "noted"
        noted.touch()
        config = {"backends": [str(FOLDER / "peers" / "packets.js")], "noted": str(noted)}
        node = stack.enter_context(node_statsd(folder, config))
        ours = stack.enter_context(celeryscope_server(folder))
        yield Ours(ours), Node(node, noted)


def us_per_datagram(server: Target, load: Load) -> float:
    """Return the CPU time that a server took for each datagram of a load that it received."""
    received, before = server.received(), cpu_seconds(server.process)
    flood(server, load.count, load.lines, load.rate)
    used = cpu_seconds(server.process) - before
    return 1e6 * used / (server.received() - received)


def burst_loss(server: Target) -> float:
    """Return the share of a burst that a server did not receive."""
    received = server.received()
    flood(server, BURST, 1)
    return 1 - (server.received() - received) / BURST


def flood(server: Target, *load: int) -> None:
    """Send from a process of its own, and wait until what came is flushed."""
    script = FOLDER / "peers" / "flood.py"
    subprocess.run([sys.executable, script, *map(str, (server.port, *load))], check=True)
    time.sleep(SETTLED_SECONDS)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
