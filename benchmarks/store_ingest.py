"""Points a second taken in by TCP lines, and their CPU time, beside carbon-cache.

Whole servers, each in a process of its own, with one archive `10s:1d`. Points count once they are
stored: ours are committed and found over HTTP, carbon-cache's are in Whisper's files. What
carbon-cache has in memory alone, which a crash loses, has a row and a ratio of its own. A load ends
with the one point of a new series, which is stored last: ours go in the order of arrival, and of
carbon-cache's those first that have most points. CPU time is that of the whole server meanwhile.
The ratios are those of 2,000 series; the other rows tell how both grow.
"""

import pickle
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import psutil
import whisper

from harness import Report, Row
from support.carbon import graphite_program
from support.processes import accepts, free_port, running, wait_until
from support.server import celeryscope_server

SERIES = 2000
GROWTH = (100, 10_000)
OURS, THEIRS = 10_000_000, 400_000
"""Points a round; each takes some seconds."""
ROUNDS = 3
STEP, DAY = 10, 86_400
RETENTIONS = "10s:1d"
_CACHE = """[cache]
STORAGE_DIR = {folder}
CONF_DIR = {folder}
LOG_DIR = {folder}
PID_DIR = {folder}
LOCAL_DATA_DIR = {folder}/whisper
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {lines}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickles}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {queries}
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
MAX_CACHE_SIZE = inf
LOG_UPDATES = False
LOG_CREATES = False
ENABLE_LOGROTATION = False
ENABLE_TAGS = False
"""

Has = Callable[[str], bool]
"""Whether a server has a series."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it takes lines, and what it has of them."""

    port: int
    process: psutil.Process
    receives: Has
    stores: Has


@dataclass(frozen=True, slots=True)
class Round:
    """Points a second until all were received and stored, and the CPU time of one."""

    received: float
    stored: float
    cpu_us: float


def run() -> Report:
    """Measure both servers, and how each grows."""
    ours, theirs = rounds(celeryscope(), SERIES, OURS), rounds(carbon_cache(), SERIES, THEIRS)
    stored = median(one.stored for one in ours)
    return Report(
        [*rows(SERIES, ours, theirs), *growth()],
        {
            "ratio_points": stored / median(one.stored for one in theirs),
            "ratio_memory": stored / median(one.received for one in theirs),
            "ratio_cpu": median(one.cpu_us for one in theirs) / median(one.cpu_us for one in ours),
        },
    )


def growth() -> Iterator[Row]:
    for series in GROWTH:
        most = series * DAY // STEP
        ours = rounds(celeryscope(), series, min(OURS, most))
        yield from rows(series, ours, rounds(carbon_cache(), series, min(THEIRS, most)))


def rows(series: int, ours: list[Round], theirs: list[Round]) -> Iterator[Row]:
    yield Row(f"celeryscope, {series:,} series", "points/s", [one.stored for one in ours])
    yield Row(f"carbon-cache, {series:,} series", "points/s", [one.stored for one in theirs])
    yield Row("  in memory", "points/s", [one.received for one in theirs])
    yield Row("celeryscope, CPU time", "us/point", [one.cpu_us for one in ours])
    yield Row("carbon-cache, CPU time", "us/point", [one.cpu_us for one in theirs])


def rounds(started: AbstractContextManager[Server], series: int, points: int) -> list[Round]:
    """Start a server and send it so many points a round; the first one makes the series."""
    with started as server:
        send(server, series, series, "bench.first")
        return [send(server, series, points, f"bench.last{number}") for number in range(ROUNDS)]


def send(server: Server, series: int, points: int, last: str) -> Round:
    """Send so many points and one of a new series; return once that is stored."""
    before, began = cpu_seconds(server.process), time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for part in lines(series, points // series):
            connection.sendall(part)
        connection.sendall(f"{last} 1 {int(time.time())}\n".encode())
    wait_until(lambda: server.receives(last), within=120, what="the last point")
    received = time.perf_counter() - began
    wait_until(lambda: server.stores(last), within=120, what="storing the last point")
    stored = time.perf_counter() - began
    cpu_us = 1e6 * (cpu_seconds(server.process) - before) / points
    return Round(points / received, points / stored, cpu_us)


def lines(series: int, steps: int) -> Iterator[bytes]:
    """Return a part for each of the last steps, oldest first."""
    now = int(time.time())
    each = [b"bench.host%d.load %d.5 " % (i, i) for i in range(series)]
    for step in range(steps):
        end = b"%d\n" % (now - STEP * (steps - 1 - step))
        yield end.join(each) + end


@contextmanager
def celeryscope() -> Iterator[Server]:
    """Start a server of ours."""
    port = free_port()
    flags = ["--carbon-line", f"127.0.0.1:{port}", "--retentions", RETENTIONS]
    with (
        tempfile.TemporaryDirectory() as folder,
        celeryscope_server(Path(folder), flags) as server,
        httpx.Client(base_url=server.url) as client,
    ):

        def finds(name: str) -> bool:
            return bool(client.get("/metrics/find", params={"query": name}).json())

        yield Server(port, psutil.Process(server.running.process.pid), finds, finds)


@contextmanager
def carbon_cache() -> Iterator[Server]:
    """Start a carbon-cache."""
    ports = {name: free_port() for name in ("lines", "pickles", "queries")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "carbon.conf").write_text(_CACHE.format(folder=folder, **ports))
        schemas = f"[all]\npattern = .*\nretentions = {RETENTIONS}\n"
        (folder / "storage-schemas.conf").write_text(schemas)
        program = [graphite_program("python"), graphite_program("carbon-cache.py")]
        command: list[str | Path] = [
            *program,
            f"--config={folder}/carbon.conf",
            "--nodaemon",
            "start",
        ]
        with running(command, folder / "log", {"GRAPHITE_ROOT": name}) as cache:
            wait_until(lambda: accepts(ports["queries"]), what=f"carbon-cache: {cache.output()}")

            def stores(series: str) -> bool:
                return has_points(folder.joinpath("whisper", *series.split(".")))

            def receives(series: str) -> bool:
                return is_cached(ports["queries"], series) or stores(series)

            yield Server(ports["lines"], psutil.Process(cache.process.pid), receives, stores)


def is_cached(port: int, name: str) -> bool:
    query = pickle.dumps({"type": "cache-query", "metric": name}, protocol=2)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(struct.pack("!L", len(query)) + query)
        answer = connection.makefile("rb")
        [length] = struct.unpack("!L", answer.read(4))
        return bool(pickle.loads(answer.read(length))["datapoints"])  # noqa: S301 -- of our own process


def has_points(series: Path) -> bool:
    """Tell whether Whisper's file of a series is there, and has a point."""
    try:
        _, values = whisper.fetch(f"{series}.wsp", 0)
    except (FileNotFoundError, whisper.CorruptWhisperFile):  # it is being made
        return False
    return any(value is not None for value in values)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
