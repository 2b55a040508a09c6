"""The aggregator's memory is bounded, and what it has no room for is counted."""

from collections.abc import Callable

import pytest

from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.batch import Batch
from celeryscope.statsd.protocol import MAX_LINE
from support.flushes import bad_lines, interval, own, ten_seconds


def test_series_beyond_the_limit_are_refused_and_known_ones_go_on() -> None:
    aggregator = Aggregator(max_series=3)
    aggregator.feed(
        Batch([b"a:1|c", b"b:1|ms", b"c:1|s", b"d:1|c", b"a:1|g", b"a:1|c|@0.5", b"a:1|c"])
    )
    flush = aggregator.flush(0, 10)
    assert bad_lines(flush) == {"limit": 3.0}
    assert flush.counters["a"] == 2.0
    assert "d" not in flush.counters
    aggregator.feed(Batch([b"d:1|c", b"e:1|c", b"f:1|c", b"a:1|c"]))
    flush = aggregator.flush(10, 10)
    assert bad_lines(flush) == {"limit": 1.0}
    assert {"d", "e", "f"} < set(flush.counters)


def test_gauges_that_outlive_their_interval_stay_within_the_limit() -> None:
    aggregator = Aggregator(gauge_ttl=25, max_series=2)
    aggregator.feed(Batch([b"a:1|g\nb:1|g"]))
    aggregator.flush(0, 10)
    aggregator.feed(Batch([b"c:1|g\nb:2|g"]))
    flush = aggregator.flush(10, 10)
    assert (flush.gauges, bad_lines(flush)) == ({"a": 1.0, "b": 2.0}, {"limit": 1.0})
    aggregator.flush(20, 10)
    aggregator.feed(Batch([b"c:1|g"]))
    assert aggregator.flush(30, 10).gauges == {"b": 2.0, "c": 1.0}


@pytest.mark.parametrize(
    "line",
    [
        lambda i: b"n%d:1|c" % i,
        lambda i: b"n%d:x|g" % i,
        lambda i: b"n%d:1|c|#k:%d" % (i, i),
        lambda i: b"n:1|c|#k:%d" % i,
        lambda i: b"n:1|c|c:%d%b" % (i, b"x" * 4000),
        lambda i: b"n%b:1|c" % (b"%" * (i % 450)),
        lambda i: b"n:1|ms|@0.%d%b" % (i, b" " * (i % 50)),
        lambda i: b"n:1|c:%d|c" % i,
        lambda i: b"n:1|c|T%d" % i,
        lambda i: b"_e{1,1}:%d|t" % i,
    ],
)
def test_memory_is_bounded_whatever_names_and_spellings_come(line: Callable[[int], bytes]) -> None:
    limit = 100
    aggregator = Aggregator(max_series=limit)
    for start in range(1, 15_001, 5000):
        aggregator.feed(Batch([line(i) for i in range(start, start + 5000)]))
        known = sum(len(name + rest) for rest, one in aggregator._known.items() for name in one)
        slots = sum(len(name + rest) for name, rest in aggregator._slots)
        assert max(known, slots) <= 512 * limit
        assert max(len(aggregator._texts), len(aggregator._suspects)) <= limit
        assert own(aggregator.flush(0, 10), "lines") == 5000


@pytest.mark.parametrize("line", [b"n:1|c:%d|c", b"n:1|c|T%d", b"n:1|c|#k:v|T%d"])
def test_lines_that_are_never_spelled_twice_the_same_are_not_remembered(line: bytes) -> None:
    aggregator = Aggregator()
    aggregator.feed(Batch([line % i for i in range(100)]))
    assert (aggregator._known, aggregator._slots) == ({}, {})


def test_only_so_many_series_that_are_new_come_in_a_minute() -> None:
    aggregator = Aggregator(max_series=10, max_new_series=6)
    assert bad_lines(ten_seconds(aggregator, *lines(0, 10))) == {}
    assert bad_lines(ten_seconds(aggregator, *lines(10, 20))) == {"new": 9.0}
    assert bad_lines(ten_seconds(aggregator, *lines(0, 10))) == {}
    assert bad_lines(ten_seconds(aggregator, *lines(20, 30))) == {"new": 8.0}


def test_a_series_is_a_new_one_for_each_kind() -> None:
    assert bad_lines(ten_seconds(Aggregator(max_series=1), b"a:1|c\na:1|g")) == {"limit": 1.0}
    aggregator = Aggregator(max_series=1, max_new_series=1)
    ten_seconds(aggregator, b"a:1|c")
    assert bad_lines(ten_seconds(aggregator, b"a:1|g")) == {"new": 1.0}


def lines(first: int, end: int) -> list[bytes]:
    return [b"n%d:1|c" % i for i in range(first, end)]


@pytest.mark.parametrize("value", [b"1" * MAX_LINE, b"1:" * (MAX_LINE // 2), b"m" * 60_000])
def test_a_line_that_is_too_long_is_refused_and_its_neighbours_are_not(value: bytes) -> None:
    flush = interval(b"a:1|s", b"a:2|s\na:%b|s\nb:1|c" % value, b"\n" * 9000)
    assert flush.sets == {"a": 2.0}
    assert (own(flush, "lines"), bad_lines(flush)) == (4.0, {"long": 1.0})
    assert flush.counters["b"] == 1.0


def test_a_line_of_the_greatest_length_is_read() -> None:
    line = b"a:%b|s" % (b"m" * (MAX_LINE - 4))
    assert (interval(line).sets, bad_lines(interval(line + b"m"))) == ({"a": 1.0}, {"long": 1.0})


def test_values_are_read_when_too_many_wait_as_text() -> None:
    aggregator = Aggregator(max_text_bytes=10_000)
    waiting = []
    for i in range(300):
        aggregator.feed(Batch([b"t:%d|ms" % i, b"c:1|c", b"s:%d|s" % i, b"g:+1|g"]))
        waiting.append(sum(map(len, aggregator._texts.values())))
    assert max(waiting) < 250
    flush = aggregator.flush(0, 10)
    assert (flush.counters["c"], flush.sets["s"], flush.gauges["g"]) == (300.0, 300.0, 300.0)
    assert (flush.timers["t"].count, flush.timers["t"].sum) == (300.0, sum(range(300)))
    assert flush.timers["t"].values is not None


def test_packed_values_weigh_as_much_as_others() -> None:
    aggregator = Aggregator(max_text_bytes=10_000)
    aggregator.feed(Batch([b"t:%b1|ms" % (b"1:" * 300)]))
    assert [*aggregator._texts.values()] == [[]]
    assert aggregator.flush(0, 10).timers["t"].samples == 301


def test_timers_of_too_many_samples_keep_their_distribution_and_exact_totals() -> None:
    aggregator = Aggregator(max_text_bytes=1000, max_samples=500)
    for i in range(2000):
        aggregator.feed(Batch([b"t:%d|ms|@0.5" % i]))
    aggregator.feed(Batch([b"few:1|ms"]))
    timers = aggregator.flush(0, 10).timers
    assert timers["t"].values is None
    assert (timers["t"].count, timers["t"].samples) == (4000.0, 2000)
    assert (timers["t"].sum, timers["t"].max) == (sum(range(2000)), 1999.0)
    assert timers["few"].values is not None
