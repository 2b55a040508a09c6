"""The flusher on a clock that the tests move; only the last tests start its thread."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from celeryscope.address import Address
from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.flusher import Flusher
from celeryscope.statsd.listeners import UdpListener
from support.processes import wait_until

NOON = 1_700_000_000.0
INTERVAL = 10.0


class Received(UdpListener):
    """A listener that is handed its datagrams and its losses."""

    def __init__(self) -> None:
        super().__init__(Address("127.0.0.1", 0))
        self.drops = (0, 0)

    def arrive(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self._keep(datagram)

    def take_drops(self) -> tuple[int, int]:
        drops, self.drops = self.drops, (0, 0)
        return drops


class OwnNumbers:
    def gauges(self) -> Mapping[str, float]:
        return {"series": 7.0}

    def counters(self) -> Mapping[str, int]:
        return {"flush.dropped": 2}


class Rig:
    """A flusher, its clock, and what it has flushed."""

    def __init__(self, listener: Received, now: float) -> None:
        self.now = now
        self.listener = listener
        self.flushes: list[Flush] = []
        self.flusher = Flusher(
            listener,
            Aggregator(),
            INTERVAL,
            self.flushes.append,
            own=OwnNumbers(),
            clock=lambda: self.now,
        )

    def at(self, now: float, *datagrams: bytes) -> None:
        """Let datagrams arrive, and let the flusher have its turn at a time."""
        self.now = now
        self.listener.arrive(*datagrams)
        self.flusher.turn()

    @property
    def spans(self) -> list[tuple[float, float]]:
        return [(flush.start - NOON, round(flush.seconds, 6)) for flush in self.flushes]

    @property
    def counts(self) -> list[float]:
        return [flush.counters.get("a", 0.0) for flush in self.flushes]

    @property
    def lags(self) -> list[float]:
        return [round(flush.gauges["celeryscope.flush.lag"], 3) for flush in self.flushes]


@pytest.fixture
def listener() -> Iterator[Received]:
    with closing(Received()) as received:
        yield received


@pytest.fixture
def rig(listener: Received) -> Rig:
    return Rig(listener, NOON)


def test_intervals_end_at_multiples_of_their_length(rig: Rig) -> None:
    for step in range(1, 300):
        rig.at(NOON + step / 10, b"a:1|c")
    assert rig.spans == [(0, 10), (10, 10)]
    assert rig.counts == [100.0, 100.0]
    assert rig.lags == [0.0, 0.0]


def test_the_first_interval_says_how_long_it_really_was(listener: Received) -> None:
    rig = Rig(listener, NOON + 7.5)
    rig.at(NOON + 9.9, b"a:1|c")
    rig.at(NOON + 10)
    rig.at(NOON + 20)
    assert rig.spans == [(0, 2.5), (10, 10)]


def test_a_flush_that_is_hardly_late_ends_its_interval_on_time(rig: Rig) -> None:
    rig.at(NOON + 10.25)
    rig.at(NOON + 20)
    assert rig.spans == [(0, 10), (10, 10)]
    assert rig.lags == [250.0, 0.0]


def test_a_late_flush_says_its_true_length_and_the_next_is_shorter(rig: Rig) -> None:
    rig.at(NOON + 14, b"a:14|c")
    rig.at(NOON + 20, b"a:6|c")
    rig.at(NOON + 30, b"a:10|c")
    assert rig.spans == [(0, 14), (10, 6), (20, 10)]
    assert [count / seconds for count, (_, seconds) in zip(rig.counts, rig.spans, strict=True)] == [
        1.0,
        1.0,
        1.0,
    ]
    assert rig.lags == [4000.0, 0.0, 0.0]


def test_a_very_late_flush_does_not_pretend_that_nothing_was_merged(rig: Rig) -> None:
    rig.at(NOON + 47, b"a:47|c")
    rig.at(NOON + 50, b"a:3|c")
    assert rig.spans == [(0, 47), (40, 3)]
    assert rig.lags[0] == 37_000.0


def test_a_clock_set_back_ends_the_interval_where_it_was_last_seen(rig: Rig) -> None:
    rig.at(NOON + 14, b"a:1|c")
    rig.at(NOON + 16, b"a:2|c")
    rig.at(NOON - 3596, b"a:4|c")
    rig.at(NOON - 3590, b"a:8|c")
    rig.at(NOON - 3580)
    assert rig.spans == [(0, 14), (10, 2), (-3600, 6), (-3590, 10)]
    assert rig.counts == [1.0, 6.0, 8.0, 0.0]


def test_a_clock_set_back_within_the_interval_does_not_end_it(rig: Rig) -> None:
    rig.at(NOON + 8)
    rig.at(NOON + 5)
    assert rig.spans == []
    rig.at(NOON + 10)
    assert rig.spans == [(0, 10)]


def test_each_flush_holds_losses_and_the_servers_own_numbers(rig: Rig) -> None:
    rig.listener.drops = (3, 5)
    rig.at(NOON + 10, b"a:1|c\nbad")
    rig.at(NOON + 20)
    assert rig.flushes[0].counters == {
        "a": 1.0,
        "celeryscope.packets": 1.0,
        "celeryscope.lines": 2.0,
        "celeryscope.bad_lines.format": 1.0,
        "celeryscope.dropped.backlog": 3.0,
        "celeryscope.dropped.kernel": 5.0,
        "celeryscope.flush.dropped": 2.0,
    }
    assert rig.flushes[0].gauges == {"celeryscope.series": 7.0, "celeryscope.flush.lag": 0.0}
    assert rig.flushes[1].counters == {"celeryscope.flush.dropped": 2.0}


def test_stopping_flushes_what_is_left_with_its_true_length(rig: Rig) -> None:
    rig.flusher.start()
    rig.listener.arrive(b"a:1|c")
    rig.now = NOON + 3
    rig.flusher.stop()
    assert rig.spans == [(0, 3)]
    assert rig.counts == [1.0]


def test_stopping_late_ends_the_interval_that_was_due_first(rig: Rig) -> None:
    rig.flusher.start()
    rig.now = NOON + 10.5
    rig.flusher.stop()
    assert rig.spans == [(0, 10), (10, 0.5)]


def test_the_thread_flushes_by_itself_on_the_real_clocks_beat(listener: Received) -> None:
    flushes: list[Flush] = []
    flusher = Flusher(
        listener, Aggregator(), 0.25, flushes.append, own=OwnNumbers(), clock=time.time
    )
    flusher.start()
    wait_until(lambda: len(flushes) >= 3)
    flusher.stop()
    assert all(flush.start % 0.25 == 0 for flush in flushes)
    starts = [flush.start for flush in flushes]
    assert starts == sorted(starts)
