"""No datagram ends the server, falsifies a figure or takes the memory, and each is counted."""

import socket
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from math import isfinite
from pathlib import Path
from random import Random
from threading import Event

import psutil
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import MAX_NEW_SERIES, MAX_SERIES, Aggregator
from celeryscope.statsd.batch import Batch
from celeryscope.store.writer import StoreWriter
from support.fake_store import FakeStore
from support.flushes import bad_lines, own
from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

EVERY_SECOND = ["--flush-interval", "1s", "--retentions", "1s:1h"]
KILLERS = [
    b"x:1|c|@Infinity",
    b"x:1|c|@+1",
    b"x:1|c|@-",
    b"x:1|c|@ 1",
    b"x:1|c|@0",
    b"x:1|ms|@1e-9",
    b"x:1e308|ms|@1e-9",
    b"x:Infinity|c\nx:-Infinity|g\nx:nan|ms",
    b"constructor:1|ms\nconstructor:1|s\nconstructor:1|c",
    b"__proto__:1|ms\n__proto__:1|g\n__proto__:1|s",
    b"toString:1|ms|#__proto__:1",
    b"x:-1|ms",
    b"\x00" * 65_507,
    b"\xff\xfe" * 32_000,
    b"x:" + b"9" * 65_000 + b"|c",
    b"x:" + b"1:" * 32_000 + b"1|ms",
    b"x:1|c|#" + b"a:b," * 16_000,
    b"x;" + b"a=b;" * 16_000 + b":1|c",
    b"x" * 65_000 + b":1|c",
    b":::|||@@@###" * 5000,
    b"_e{5,4}:title|text\n_sc|db|0",
]
VALID = [
    b"celery.task.a.b.c.runtime:12.5|ms|@0.5|#host:web1",
    b"celery.task.a.b.c.prerun:1|c\ncelery.queue.default.prerun:1|c",
    b"celery.worker.w1.busy:7|g",
    b"g:+3|g\ng:-1e2|g",
    b"a/b:1e99|c|@1e-3",
    b"t:2.5|ms",
    b"s:member|s:other|s",
    b"m:1:2:3|ms|#a:b,c|c:ci-7|T1700000000",
    b"n,k=v;k2=v2:1|c:2|ms:3|g",
]
PIECES = [b"", *(bytes([one]) for one in b"\n\r:|@.+-#;,=/_ 019eExcmsghdT\x00\xff")]
PIECES += [b"|@", b"|#", b":1", b"|c", b"1|c:", b"\n\n", b"_e{", b"|T1", b"nan"]
FUZZED_IN_PROCESS = 1_000_000
FUZZED_BY_SOCKET = 100_000
NAMES = 1_000_000
NAMES_A_DATAGRAM = 25
TIMERS, TIMERS_AN_INTERVAL = 300_000, 100_000
MAX_GROWTH = 400 * 1024 * 1024


def mutated(random: Random, count: int) -> Iterator[bytes]:
    """Yield valid datagrams of which a few bytes are replaced, dropped or put in."""
    for _ in range(count):
        datagram = bytearray(random.choice(VALID))
        for _ in range(random.randrange(4)):
            start = random.randrange(len(datagram) + 1)
            datagram[start : start + random.randrange(3)] = random.choice(PIECES)
        yield bytes(datagram)


def lines_in(datagrams: Iterable[bytes]) -> int:
    return sum(bool(line.strip()) for one in datagrams for line in one.split(b"\n"))


def assert_sound(flush: Flush, datagrams: list[bytes]) -> None:
    """Check that all was counted, that the good came through, and that every figure is finite."""
    assert own(flush, "packets") == len(datagrams)
    assert own(flush, "lines") == lines_in(datagrams)
    assert sum(bad_lines(flush).values()) <= own(flush, "lines")
    assert flush.counters["fine"] == 1.0
    timers = ((t.count, t.sum, t.sum_squares, t.min, t.max) for t in flush.timers.values())
    scalars = (flush.counters.values(), flush.gauges.values(), flush.sets.values())
    assert all(map(isfinite, chain(*scalars, *timers)))


def test_a_million_mutated_datagrams_are_counted() -> None:
    random, aggregator = Random(4), Aggregator()
    before = psutil.Process().memory_info().rss
    for i in range(FUZZED_IN_PROCESS // 20_000):
        datagrams = [*mutated(random, 20_000), b"fine:1|c"]
        aggregator.feed(Batch(datagrams))
        assert_sound(aggregator.flush(i, 1), datagrams)
    assert psutil.Process().memory_info().rss - before < MAX_GROWTH


@given(st.lists(st.binary(max_size=200) | st.text(max_size=60).map(str.encode), max_size=60))
@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_bytes_are_counted(datagrams: list[bytes]) -> None:
    aggregator = Aggregator()
    aggregator.feed(Batch([*datagrams, b"\nfine:1|c"]))
    flush = aggregator.flush(0, 10)
    assert flush.counters["fine"] >= 1.0
    assert own(flush, "lines") == lines_in(datagrams) + 1
    assert sum(bad_lines(flush).values()) <= own(flush, "lines")


def test_the_server_counts_every_datagram_that_would_kill_node_and_lives(tmp_path: Path) -> None:
    random, since = Random(5), int(time.time())
    datagrams = [*KILLERS, *mutated(random, FUZZED_BY_SOCKET), *KILLERS]
    with celeryscope_server(tmp_path, EVERY_SECOND) as server:
        before = memory(server)
        send(server, datagrams)
        wait_until_counted(server, len(datagrams), since)
        lost = total(server, "dropped.*", since)
        lines, bad = total(server, "lines", since), total(server, "bad_lines.*", since)
        assert lines_in(datagrams) - 4 * lost <= lines <= lines_in(datagrams)
        assert len(KILLERS) < bad < lines
        server.send(b"fine:1|c")
        wait_until(lambda: server.total("stats.counters.fine.count", since) == 1, what="a line")
        assert memory(server) - before < MAX_GROWTH


def test_a_million_names_are_refused_but_for_the_limit_and_each_line_is_counted(
    tmp_path: Path,
) -> None:
    since = int(time.time())
    limits = ["--max-series", "5000", "--max-new-series", "1000"]
    datagrams = [
        b"\n".join(b"many.n%d:1|c" % i for i in range(first, first + NAMES_A_DATAGRAM))
        for first in range(0, NAMES, NAMES_A_DATAGRAM)
    ]
    with celeryscope_server(tmp_path, [*EVERY_SECOND, *limits]) as server:
        before = memory(server)
        send(server, datagrams)
        wait_until_counted(server, len(datagrams), since)
        packets, lines = total(server, "packets", since), total(server, "lines", since)
        bad = total(server, "bad_lines.{limit,new}", since)
        good = server.total("sumSeries(stats.counters.many.*.count)", since)
        assert lines == NAMES_A_DATAGRAM * packets
        assert (good + bad, good >= 5000) == (lines, True)
        assert good < 20_000
        assert memory(server) - before < MAX_GROWTH


class Stalled(FakeStore):
    """A store whose writes do not return before they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = Event()

    def write(self, flush: Flush) -> None:
        del flush
        self.may.wait(60)


def test_timers_without_end_before_a_store_that_stalls_take_bounded_memory() -> None:
    aggregator, store = Aggregator(), Stalled()
    writer = StoreWriter(store, committed=lambda _: None)
    writer.start()
    before, kept = psutil.Process().memory_info().rss, 0
    for first in range(0, TIMERS, TIMERS_AN_INTERVAL):
        names = range(first, first + TIMERS_AN_INTERVAL)
        aggregator.feed(Batch([b"many.t%d:%d.5|ms" % (i, i % 1000) for i in names]))
        flush = aggregator.flush(first, 60)
        kept += len(flush.timers)
        assert len(flush.timers) + sum(bad_lines(flush).values()) == TIMERS_AN_INTERVAL
        writer.put(flush.summary())
    assert kept == MAX_SERIES + (TIMERS // TIMERS_AN_INTERVAL - 1) * MAX_NEW_SERIES
    assert psutil.Process().memory_info().rss - before < MAX_GROWTH
    store.may.set()
    writer.stop()


def send(server: ServerUnderTest, datagrams: list[bytes]) -> None:
    """Send all, with one socket and as fast as it goes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", server.statsd_port))
        for datagram in datagrams:
            client.send(datagram)


def total(server: ServerUnderTest, name: str, since: int) -> float:
    return server.total(f"stats.counters.celeryscope.{name}.count", since)


def wait_until_counted(server: ServerUnderTest, sent: int, since: int) -> None:
    """Wait until each datagram that was sent is told as received or as lost."""

    def counted() -> bool:
        return total(server, "packets", since) + total(server, "dropped.*", since) == sent

    wait_until(counted, within=60, what="all datagrams")


def memory(server: ServerUnderTest) -> int:
    return psutil.Process(server.running.process.pid).memory_info().rss
