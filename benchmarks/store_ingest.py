"""Points a second taken in by TCP lines, beside carbon-cache.

Ours count once they are durable in the store; carbon-cache's once it has the last one in memory.
The ratio is that of 2,000 series; the other rows tell how both grow.
"""

import pickle
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from celeryscope.address import Address
from celeryscope.carbon.receiver import Receiver
from celeryscope.carbon.writer import PointWriter
from celeryscope.metrics import Kind
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.tiers import parse_retentions
from harness import Report, Row
from support.processes import accepts, free_port, running, wait_until

GRAPHITE = Path(__file__).parents[1] / ".graphite"
SERIES = 2000
GROWTH = (100, 10_000)
OURS, THEIRS = 1_000_000, 100_000
"""Points a round; each takes a second or more."""
ROUNDS = 5
RETENTIONS = "10s:6h,1m:30d"
STEP = 10
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


def run() -> Report:
    ours = Row("celeryscope", "points/s", list(rates_of_ours(SERIES)))
    theirs = Row("carbon-cache", "points/s", list(rates_of_carbon(SERIES)))
    return Report([ours, theirs, *growth()], {"ratio_points": ours.median / theirs.median})


def growth() -> Iterator[Row]:
    for series in GROWTH:
        yield Row(f"celeryscope, {series:,} series", "points/s", list(rates_of_ours(series)))
        yield Row(f"carbon-cache, {series:,} series", "points/s", list(rates_of_carbon(series)))


def rates_of_ours(series: int) -> Iterator[float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(DuckDBStore.open(Path(folder), parse_retentions(RETENTIONS), time.time)) as store,
    ):
        writer = PointWriter(store)
        receiver = Receiver(writer)
        port = receiver.listen_for_lines(Address("127.0.0.1", 0)).port
        receiver.start()
        writer.start()
        for number in range(ROUNDS):
            last = f"bench.last{number}"
            yield rate(port, series, OURS, last, partial(store.find, Kind.PLAIN, last.split(".")))
        receiver.stop()
        writer.stop()


def rates_of_carbon(series: int) -> Iterator[float]:
    with tempfile.TemporaryDirectory() as folder, carbon_cache(Path(folder)) as (lines, queries):
        for number in range(ROUNDS):
            last = f"bench.last{number}"
            file = Path(folder) / "whisper" / "bench" / f"last{number}.wsp"
            yield rate(lines, series, THEIRS, last, partial(has, queries, last, file))


def rate(port: int, series: int, points: int, last: str, taken_in: Callable[[], object]) -> float:
    """Send so many points and one of a series of its own; return the rate until that is in."""
    now = int(time.time())
    rows = points // series
    lines = b"".join(
        b"".join(b"bench.host%d.load %d.5 %d\n" % (i, i, now - STEP * row) for i in range(series))
        for row in range(rows)
    )
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(lines)
        connection.sendall(f"{last} 1 {now}\n".encode())
    wait_until(taken_in, within=120, what="the last point")
    return points / (time.perf_counter() - began)


@contextmanager
def carbon_cache(folder: Path) -> Iterator[tuple[int, int]]:
    """Start a carbon-cache; yields its ports for lines and for queries."""
    ports = {name: free_port() for name in ("lines", "pickles", "queries")}
    (folder / "carbon.conf").write_text(_CACHE.format(folder=folder, **ports))
    schemas = f"[all]\npattern = .*\nretentions = {RETENTIONS}\n"
    (folder / "storage-schemas.conf").write_text(schemas)
    program = [GRAPHITE / "bin" / "python", GRAPHITE / "bin" / "carbon-cache.py"]
    command: list[str | Path] = [*program, f"--config={folder}/carbon.conf", "--nodaemon", "start"]
    with running(command, folder / "log", {"GRAPHITE_ROOT": str(folder)}) as cache:
        wait_until(lambda: accepts(ports["queries"]), what=f"carbon-cache: {cache.output()}")
        yield ports["lines"], ports["queries"]


def has(port: int, name: str, file: Path) -> bool:
    """Tell whether a carbon-cache has points of a series, in memory or in its file."""
    return cached(port, name) or file.exists()


def cached(port: int, name: str) -> bool:
    query = pickle.dumps({"type": "cache-query", "metric": name}, protocol=2)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(struct.pack("!L", len(query)) + query)
        answer = connection.makefile("rb")
        [length] = struct.unpack("!L", answer.read(4))
        return bool(pickle.loads(answer.read(length))["datapoints"])  # noqa: S301 -- of our own process
