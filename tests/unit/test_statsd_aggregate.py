"""The aggregator against hand-checked figures, against a naive reference, and against garbage."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.metrics import CATALOGUE, Family
from celeryscope.sketch import Distribution, Distributions
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.batch import Batch
from support.flushes import bad_lines, interval, own, ten_seconds


def flushed(*datagrams: bytes) -> Flush:
    """Return what ten seconds with these datagrams give, but for the server's own counters."""
    return without_own(interval(*datagrams))


def without_own(flush: Flush) -> Flush:
    counters = {n: v for n, v in flush.counters.items() if not n.startswith("celeryscope.")}
    return Flush(flush.start, flush.seconds, counters, flush.gauges, flush.sets, flush.timers)


def test_counters_add_up_one_over_their_rates() -> None:
    flush = flushed(b"a:1|c", b"a:3|c|@0.1", b"a:2|c|@0.5", b"b:-1.5|c", b"b:0|c")
    assert flush.counters == {"a": 35.0, "b": -1.5}


def test_the_count_of_a_timer_honours_the_rate_and_all_else_is_over_samples() -> None:
    timer = flushed(b"t:10|ms|@0.1", b"t:20|ms", b"t:60|ms|@0.5").timers["t"]
    assert (timer.count, timer.samples) == (13.0, 3)
    assert (timer.sum, timer.sum_squares) == (90.0, 4100.0)
    assert (timer.min, timer.max) == (10.0, 60.0)


def test_negative_durations_are_refused_and_the_others_kept() -> None:
    flush = interval(b"t:-1|ms\nt:5|ms|@0.5\nt:-2|ms|@0.5\nu:-3|ms")
    assert (flush.timers["t"].count, flush.timers["t"].samples) == (2.0, 1)
    assert set(flush.timers) == {"t"}
    assert bad_lines(flush) == {"value": 3.0}


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["5"], 5.0),
        (["5", "7"], 7.0),
        (["5", "+2", "-4"], 3.0),
        (["-5"], -5.0),
        (["-5", "-5"], -10.0),
        (["+5"], 5.0),
        (["5", "-5", "-5"], -5.0),
        (["0", "-5"], -5.0),
        (["1", "x", "+1"], 2.0),
        (["3", "-1e0"], 2.0),
    ],
)
def test_a_signed_gauge_moves_what_is_there_and_sets_what_is_not(
    texts: Sequence[str], value: float
) -> None:
    lines = [f"g:{text}|g".encode() for text in texts]
    assert flushed(*lines).gauges == {"g": value}
    assert flushed(b"\n".join(lines)).gauges == {"g": value}


def test_gauges_keep_the_order_of_lines_however_their_slot_is_written() -> None:
    lines = [b"a/b:1|g", b"a-b:+2|g|@0.5", b"a-b:5|g\r", b"a/b:+1|g", b"a-b.:-3|g"]
    assert flushed(*lines).gauges == {"a-b": 3.0}
    assert flushed(*reversed(lines)).gauges == {"a-b": 1.0}


def test_a_gauge_is_told_until_it_has_not_been_written_for_its_ttl() -> None:
    aggregator = Aggregator(gauge_ttl=30)
    aggregator.feed(Batch([b"old:1|g", b"kept:1|g"]))
    told = []
    for i in range(4):
        told.append(set(aggregator.flush(i * 10, 10).gauges))
        aggregator.feed(Batch([b"kept:+1|g"]))
    assert told == [{"old", "kept"}] * 3 + [{"kept"}]
    assert aggregator.flush(40, 10).gauges == {"kept": 5.0}


def test_a_gauge_that_was_forgotten_starts_anew() -> None:
    aggregator = Aggregator(gauge_ttl=10)
    aggregator.feed(Batch([b"g:100|g"]))
    aggregator.flush(0, 10)
    aggregator.feed(Batch([b"g:-5|g"]))
    assert aggregator.flush(10, 10).gauges == {"g": -5.0}


def test_a_gauge_that_was_looked_at_after_it_was_written_is_as_old_as_others() -> None:
    aggregator = Aggregator(gauge_ttl=20)
    aggregator.feed(Batch([b"g:1|g"]))
    assert aggregator.gauges() == {"g": 1.0}
    assert [aggregator.flush(i * 10, 10).gauges for i in range(3)] == [{"g": 1.0}, {"g": 1.0}, {}]


def test_a_gauge_without_a_ttl_is_told_for_ever() -> None:
    aggregator = Aggregator(gauge_ttl=None)
    aggregator.feed(Batch([b"g:1|g"]))
    assert [aggregator.flush(i * 1e9, 1e9).gauges for i in range(3)] == [{"g": 1.0}] * 3


def test_sets_count_distinct_members() -> None:
    flush = flushed(b"s:a|s\ns:b|s\ns:a|s|@0.5\ns:b|s\r", b"s:a:b|s", b"s:\xff|s", b"t:1|s")
    assert flush.sets == {"s": 4.0, "t": 1.0}


def test_a_line_may_have_many_samples_and_a_sample_many_values() -> None:
    flush = flushed(b"a:1|c:2|c|@0.5:3|c", b"a:4:5|c|@0.1", b"a:1:+2:-4|g:+9|g", b"a:1:2|ms:3|ms")
    assert flush.counters == {"a": 98.0}
    assert flush.gauges == {"a": 8.0}
    assert (flush.timers["a"].samples, flush.timers["a"].sum) == (3, 6.0)


def test_a_line_with_bad_samples_counts_once_and_its_good_ones_are_taken() -> None:
    flush = interval(b"a:1|c:x|c:2|zz:3|c:y|c", b"a:1:x|c", b"a:5|c", b"a:1:x|c")
    assert (own(flush, "lines"), bad_lines(flush)) == (4.0, {"type": 1.0, "value": 2.0})
    assert flush.counters["a"] == 9.0


def test_tags_are_one_series_in_any_order_and_dialect() -> None:
    lines = [b"a:1|c|#x:1,y:2", b"a:1|c|@1|#y:2,x:1", b"a,y=2,x=1:1|c", b"a;x=1;y=2:1|c"]
    assert flushed(*lines, b"a;x=1:1|c|#y:2|c:ci-7").counters == {"a;x=1;y=2": 5.0}


def test_distributions_and_histograms_are_timers() -> None:
    timers = flushed(b"t:1|h\nt:2|d\nt:3|ms").timers
    assert timers["t"].sum == 6.0


def test_names_are_kept_when_they_are_not_to_be_sanitised() -> None:
    aggregator = Aggregator(sanitise_names=False)
    counters = without_own(ten_seconds(aggregator, "a/b é%:1|c\n\x01:1|c".encode())).counters
    assert counters == {"a/b_é%": 1.0}


def test_kinds_are_apart_under_one_name() -> None:
    flush = flushed(b"x:1|c\nx:2|ms\nx:3|g\nx:4|s")
    assert (flush.counters, flush.gauges, flush.sets) == ({"x": 1.0}, {"x": 3.0}, {"x": 1.0})
    assert flush.timers["x"].sum == 2.0


def test_nothing_but_gauges_goes_on_into_the_next_interval() -> None:
    aggregator = Aggregator()
    aggregator.feed(Batch([b"c:1|c\nt:1|ms\ng:1|g\ns:1|s\nbad"]))
    aggregator.flush(0, 10)
    assert aggregator.flush(10, 10) == Flush(10, 10, gauges={"g": 1.0})
    aggregator.feed(Batch([b"c:1|c"]))
    assert aggregator.flush(20, 10).counters["c"] == 1.0


def test_a_datagram_holds_many_lines_and_empty_ones_do_not_count() -> None:
    flush = interval(b"a:1|c\nb:1|c\r\n\n \na:1|c\n", b"", b"\n\n")
    assert (flush.counters["a"], flush.counters["b"]) == (2.0, 1.0)
    assert (own(flush, "packets"), own(flush, "lines"), bad_lines(flush)) == (3.0, 3.0, {})


def test_lines_count_as_good_or_bad_by_their_reason() -> None:
    lines = [
        b"a:1|c",
        b"no colon",
        b"a:1",
        b"a|c",
        b"a|c:1",
        b":1|c",
        b"...:1|c",
        b"a:1|zzz",
        b"a:1|c|@2",
        b"a:x|c",
        b"a:|ms",
        b"a:nan|g",
    ]
    expected = {"format": 4.0, "name": 2.0, "type": 1.0, "rate": 1.0, "value": 3.0}
    for order in (lines, lines[::-1]):
        flush = interval(*order)
        assert bad_lines(flush) == expected
        assert own(flush, "lines") == len(lines)
        assert flush.counters["a"] == 1.0


@pytest.mark.parametrize(
    "datagram",
    [
        b"x:1|c|@Infinity",
        b"x:1|c|@+1",
        b"x:1|c|@-",
        b"x:1|ms|@1e-9",
        b"x:1e100|ms|@1e-100",
        b"constructor:1|ms",
        b"constructor:1|s",
        b"__proto__:1|ms",
        b"\x00" * 65_507,
        b"\xff" * 65_507,
        b"\n" * 65_507,
        b":" * 65_507,
        b"|" * 65_507,
        b"a:" + b"1" * 65_000 + b"|c",
        b"a:" + b"9" * 65_000 + b"x|c",
        b"a:1|c|@0." + b"0" * 65_000 + b"1",
    ],
)
def test_what_kills_other_servers_is_counted(datagram: bytes) -> None:
    flush = interval(datagram, b"after:1|c")
    assert own(flush, "packets") == 2.0
    assert flush.counters["after"] == 1.0
    assert all(map(isfinite, figures(flush)))


def figures(flush: Flush) -> Iterable[float]:
    timers = ((t.count, t.sum, t.sum_squares, t.min, t.max) for t in flush.timers.values())
    scalars = (flush.counters.values(), flush.gauges.values(), flush.sets.values())
    return chain(*scalars, *timers)


VALID = [b"a.b:1|c", b"a.b:2.5|ms|@0.5", b"g:+3|g", b"g:-1e2|g", b"s:member|s", b"a/b:1e99|c|@1e-3"]
BYTES_THAT_MATTER = b"\n\r:|@.+-#;/_ 019eExcmsg\x00\xff"


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a valid datagram with a few bytes replaced, dropped or put in."""
    datagram = bytearray(b"\n".join(draw(st.lists(st.sampled_from(VALID), min_size=1))))
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(datagram)))
        some = draw(st.lists(st.sampled_from(BYTES_THAT_MATTER), max_size=3))
        datagram[start : start + draw(st.integers(0, 3))] = bytes(some)
    return bytes(datagram)


@given(st.lists(st.binary() | mutated()))
@example([b"a:1e100|c|@1e-100"] * 3 + [b"t:1e100|ms|@1e-100"] * 3)
@example([b"g:1e100|g"] + [b"g:+1e100|g"] * 9)
@example([b"a:1|c", b"a|c:1", b"a|c", b"a:|c"])
def test_whatever_comes_a_line_is_good_or_bad_by_itself_and_every_figure_finite(
    datagrams: list[bytes],
) -> None:
    flush = interval(*datagrams)
    lines = [line for one in datagrams for line in one.split(b"\n") if line.strip()]
    assert own(flush, "packets") == len(datagrams)
    assert own(flush, "lines") == len(lines)
    bad: Counter[str] = Counter()
    for line in lines:
        bad.update(bad_lines(interval(line)))
    assert bad_lines(flush) == bad
    assert all(map(isfinite, figures(flush)))


NAMES = st.sampled_from(["a", "a.b", "b", "celery.task._._.add.prerun"])
NUMBERS = st.integers(-1000, 1000) | st.floats(-1e6, 1e6)
AMOUNTS = NUMBERS.map(str)
DURATIONS = NUMBERS.map(abs).map(str)
MOVES = st.tuples(st.sampled_from(["", "+"]), st.integers(-9, 9)).map(
    lambda move: f"{move[0]}{move[1]}".replace("+-", "-")
)
RATES = st.sampled_from(["", "|@1", "|@0.5", "|@0.1"])
LINES = st.one_of(
    st.tuples(NAMES, AMOUNTS, st.just("c"), RATES),
    st.tuples(NAMES, DURATIONS, st.just("ms"), RATES),
    st.tuples(NAMES, MOVES, st.just("g"), RATES),
    st.tuples(NAMES, st.sampled_from("xyz"), st.just("s"), RATES),
).map(lambda line: f"{line[0]}:{line[1]}|{line[2]}{line[3]}")


class Reference:
    """What StatsD means, said as plainly as can be."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.counters: defaultdict[str, float] = defaultdict(float)
        self.gauges: dict[str, float] = {}
        self.sets: defaultdict[str, set[str]] = defaultdict(set)
        self.durations: defaultdict[str, list[float]] = defaultdict(list)
        self.runs: defaultdict[str, float] = defaultdict(float)
        for line in lines:
            name, sample = line.split(":")
            value, kind, *rate = sample.split("|")
            stands_for = 1 / float(rate[0][1:]) if rate else 1
            if kind == "c":
                self.counters[name] += float(value) * stands_for
            elif kind == "ms":
                self.durations[name].append(float(value))
                self.runs[name] += stands_for
            elif kind == "s":
                self.sets[name].add(value)
            elif value[0] in "+-" and self.gauges.get(name):
                self.gauges[name] += float(value)
            else:
                self.gauges[name] = float(value)


@given(st.lists(st.lists(LINES)))
def test_it_says_what_a_naive_reading_of_the_same_lines_says(datagrams: list[list[str]]) -> None:
    expected = Reference(chain(*datagrams))
    flush = flushed(*("\n".join(lines).encode() for lines in datagrams))
    assert flush.counters == pytest.approx(expected.counters, abs=1e-6)
    assert flush.gauges == expected.gauges
    assert flush.sets == {name: len(members) for name, members in expected.sets.items()}
    assert set(flush.timers) == set(expected.durations)
    for name, timer in flush.timers.items():
        durations = expected.durations[name]
        assert timer.count == pytest.approx(expected.runs[name])
        assert (timer.samples, timer.min, timer.max) == (
            len(durations),
            min(durations),
            max(durations),
        )
        assert timer.sum == pytest.approx(sum(durations))
        assert timer.sum_squares == pytest.approx(sum(value**2 for value in durations))


@given(st.lists(LINES), st.integers(1, 9))
def test_how_lines_are_put_into_datagrams_changes_nothing(lines: list[str], size: int) -> None:
    texts = [line.encode() for line in lines]
    together = [b"\n".join(texts[i : i + size]) for i in range(0, len(texts), size)]
    assert_same(flushed(*together), flushed(*texts))
    singly = Aggregator()
    for text in texts:
        singly.feed(Batch([text]))
    assert_same(without_own(singly.flush(0, 10)), flushed(*texts))


@given(st.lists(st.lists(LINES.map(str.encode) | st.binary())), st.integers(0, 4))
def test_what_is_read_before_the_flush_is_read_the_same(
    batches: list[list[bytes]], max_samples: int
) -> None:
    plain, small = Aggregator(), Aggregator(max_text_bytes=1, max_samples=max_samples)
    for batch in batches:
        plain.feed(Batch(batch))
        small.feed(Batch(batch))
    assert_same(small.flush(0, 10), plain.flush(0, 10))


def assert_same(one: Flush, other: Flush) -> None:
    """Compare all that two flushes say; their sums may differ by rounding."""
    assert one.counters == pytest.approx(other.counters, abs=1e-6)
    assert (one.gauges, one.sets) == (other.gauges, other.sets)
    assert set(one.timers) == set(other.timers)
    for name, timer in one.timers.items():
        assert moments(timer) == pytest.approx(moments(other.timers[name]))
        assert timer.buckets.tolist() == other.timers[name].buckets.tolist()
        assert timer.counts.tolist() == other.timers[name].counts.tolist()


def moments(timer: Distribution) -> list[float]:
    return [timer.count, timer.samples, timer.sum, timer.sum_squares, timer.min, timer.max]


@dataclass(frozen=True)
class NodeTimer:
    """Values of a timer, and what the formulas of node's `timer_metrics.js` make of them."""

    values: Sequence[float]
    statistics: dict[str, float]
    upper: dict[float, float]


NODE_TIMERS = [
    NodeTimer([7], {"mean": 7, "median": 7, "std": 0}, {1: 7, 50: 7, 90: 7, 99.9: 7}),
    NodeTimer([10, 20], {"mean": 15, "median": 15, "std": 5}, {50: 10, 74: 10, 75: 20, 90: 20}),
    NodeTimer(
        [1, 2, 3, 4, 10],
        {"mean": 4, "median": 3, "std": 10**0.5},
        {50: 3, 49: 2, 90: 10, 30: 2, 29: 1, 10: 1},
    ),
    NodeTimer(
        list(range(1, 11)),
        {"mean": 5.5, "median": 5.5, "std": 8.25**0.5},
        {90: 9, 95: 10, 94: 9, 25: 3, 24: 2},
    ),
]


@pytest.mark.parametrize("expected", NODE_TIMERS)
def test_a_timer_has_the_figures_that_node_gives(expected: NodeTimer) -> None:
    values = list(expected.values)
    Random(len(values)).shuffle(values)
    timer = flushed(*(f"t:{value}|ms".encode() for value in values)).timers["t"]
    cells = Distributions.of([timer])
    assert (timer.count, timer.sum) == (len(values), sum(values))
    assert (timer.min, timer.max) == (min(values), max(values))
    assert cells.mean()[0] == pytest.approx(expected.statistics["mean"])
    assert cells.std()[0] == pytest.approx(expected.statistics["std"])
    assert cells.median()[0] == pytest.approx(expected.statistics["median"], rel=0.01)
    for percent, value in expected.upper.items():
        assert cells.percentile(percent)[0] == pytest.approx(value, rel=0.01), percent


def test_the_servers_own_numbers_are_in_the_flush_and_no_client_can_set_them() -> None:
    aggregator = Aggregator()
    aggregator.count("dropped.kernel", 3)
    aggregator.count("dropped.kernel", 4)
    aggregator.count("dropped.backlog", 0)
    aggregator.feed(Batch([b"celeryscope.packets:99|c\nceleryscope.series:99|g"]))
    flush = aggregator.flush(0, 10, {"series": 0, "flush.lag": 1.5})
    assert flush.counters == {
        "celeryscope.packets": 1.0,
        "celeryscope.lines": 2.0,
        "celeryscope.bad_lines.reserved": 2.0,
        "celeryscope.dropped.kernel": 7.0,
    }
    assert flush.gauges == {"celeryscope.series": 0.0, "celeryscope.flush.lag": 1.5}


def test_clients_own_counts_come_through() -> None:
    flush = interval(b"celeryscope.client.sent:41|c", b"celeryscope.client.dropped:1|c")
    assert (own(flush, "client.sent"), own(flush, "client.dropped")) == (41.0, 1.0)


def test_every_counter_of_the_servers_own_is_in_the_catalogue() -> None:
    bad = [b"bad", b":1|c", b"a:1|x", b"a:1|c|@9", b"a:x|c", b"a:1|c", b"b:1|c"]
    aggregator = Aggregator(max_series=1)
    aggregator.feed(Batch(bad))
    counters = aggregator.flush(0, 10).counters
    leaves = {metric.leaf for metric in CATALOGUE if metric.family is Family.SELF}
    written = {name.removeprefix("celeryscope.") for name in counters if name != "a"}
    assert {"packets", "lines"} < written
    assert {n if n in leaves else n.rpartition(".")[0] + ".*" for n in written} <= leaves
