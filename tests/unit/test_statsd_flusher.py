"""The flusher on a clock that the tests move; only the last tests start its thread."""

import logging
import time
from collections.abc import Mapping
from math import inf
from threading import Event

import pytest

from celeryscope.flush import Flush
from celeryscope.sockets import senders
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.batch import Batch
from celeryscope.statsd.flusher import Flusher
from celeryscope.statsd.losses import ClientLosses
from support.processes import wait_until

NOON = 1_700_000_000.0
INTERVAL = 10.0
SENDER = senders.pack("127.0.0.1", 1)


class Handed:
    """A listener that is handed its datagrams, their times and its losses."""

    def __init__(self) -> None:
        self.now = NOON
        self.drops: dict[str, int] = {}
        self._backlog = Backlog(clock=lambda: self.now)

    @property
    def is_receiving(self) -> bool:
        return True

    @property
    def waiting(self) -> int:
        return self._backlog.waiting

    def arrive(self, at: float, *datagrams: bytes) -> None:
        self.now = at
        for datagram in datagrams:
            self._backlog.put([datagram], SENDER)

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...

    def take(self, until: float = inf) -> Batch:
        return Batch(*self._backlog.take(until), name=senders.name, lossy=True)

    def oldest(self) -> float | None:
        return self._backlog.oldest()

    def take_drops(self) -> Mapping[str, int]:
        drops, self.drops = self.drops, {}
        return drops


class OwnNumbers:
    def gauges(self) -> Mapping[str, float]:
        return {"series": 7.0}

    def counters(self) -> Mapping[str, int]:
        return {"dropped.flushes": 2}


class Rig:
    """A flusher of two listeners, its clock, and what it has flushed."""

    def __init__(self, now: float = NOON, interval: float = INTERVAL) -> None:
        self.now = now
        self.listener, self.other = Handed(), Handed()
        self.flushes: list[Flush] = []
        self.failures: list[Exception] = []
        self.flusher = Flusher(
            [self.listener, self.other],
            Aggregator(),
            interval,
            self._sink,
            own=OwnNumbers(),
            clock=lambda: self.now,
            losses=ClientLosses(clock=lambda: self.now),
        )

    def _sink(self, flush: Flush) -> None:
        if self.failures:
            raise self.failures.pop()
        self.flushes.append(flush)

    def at(self, now: float, *datagrams: bytes) -> None:
        """Let datagrams arrive, and let the flusher have its turn at a time."""
        self.now = now
        self.listener.arrive(now, *datagrams)
        self.flusher.turn()

    @property
    def spans(self) -> list[tuple[float, float]]:
        return [(round(flush.start - NOON, 3), flush.seconds) for flush in self.flushes]

    @property
    def counts(self) -> list[float]:
        return [flush.counters.get("a", 0.0) for flush in self.flushes]

    def own_gauge(self, name: str) -> list[float]:
        return [flush.gauges[f"celeryscope.{name}"] for flush in self.flushes]

    def own_counter(self, name: str) -> list[float]:
        return [flush.counters.get(f"celeryscope.{name}", 0.0) for flush in self.flushes]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_intervals_end_at_multiples_of_their_length(rig: Rig) -> None:
    for step in range(300):
        rig.at(NOON + step / 10, b"a:1|c")
    assert rig.spans == [(0, 10), (10, 10)]
    assert rig.counts == [100.0, 100.0]
    assert rig.own_gauge("flush.lag") == [0.0, 0.0]
    assert rig.own_counter("flush.late") == [0.0, 0.0]


def test_intervals_may_be_a_tenth_of_a_second_long() -> None:
    rig = Rig(interval=0.1)
    for step in range(10_000):
        rig.at(NOON + step / 100, b"a:1|c")
    assert rig.spans == [(round(i / 10, 3), 0.1) for i in range(999)]
    assert rig.counts == [10.0] * 999


def test_the_first_interval_says_how_long_it_really_was() -> None:
    rig = Rig(NOON + 7.5)
    rig.at(NOON + 9.9, b"a:1|c")
    rig.at(NOON + 10)
    rig.at(NOON + 20)
    assert rig.spans == [(0, 2.5), (10, 10)]


def test_all_listeners_feed_the_same_interval(rig: Rig) -> None:
    rig.other.arrive(NOON + 3, b"a:5|c")
    rig.at(NOON + 4, b"a:1|c")
    rig.at(NOON + 10)
    assert rig.counts == [6.0]


def test_a_late_flush_holds_only_what_came_within_its_interval(rig: Rig) -> None:
    rig.listener.arrive(NOON + 9.9, b"a:1|c")
    rig.listener.arrive(NOON + 10, b"a:2|c")
    rig.at(NOON + 14, b"a:4|c")
    rig.at(NOON + 20)
    assert rig.spans == [(0, 10), (10, 10)]
    assert rig.counts == [1.0, 6.0]
    assert rig.own_gauge("flush.lag") == [4000.0, 0.0]
    assert rig.own_counter("flush.late") == [1.0, 0.0]


def test_a_very_late_flusher_catches_up_interval_by_interval(rig: Rig) -> None:
    for second in range(47):
        rig.listener.arrive(NOON + second, b"a:1|c")
    rig.at(NOON + 47)
    rig.at(NOON + 50)
    assert rig.spans == [(0, 10), (10, 10), (20, 10), (30, 10), (40, 10)]
    assert rig.counts == [10.0, 10.0, 10.0, 10.0, 7.0]
    assert rig.own_gauge("flush.lag")[:2] == [37_000.0, 27_000.0]
    assert rig.own_counter("flush.late") == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_what_came_after_a_suspension_is_not_filed_under_the_interval_before(rig: Rig) -> None:
    rig.at(NOON + 3, b"a:3|c")
    woken = NOON + 3607
    rig.at(woken, b"a:100|c")
    rig.at(NOON + 3610, b"a:1|c")
    rig.at(NOON + 3620)
    assert rig.spans == [(0, 3), (3600, 3), (3610, 10)]
    assert rig.counts == [3.0, 100.0, 1.0]
    assert rig.own_counter("flush.late") == [1.0, 0.0, 0.0]


def test_what_came_just_before_a_suspension_keeps_its_interval(rig: Rig) -> None:
    rig.at(NOON + 3)
    rig.listener.arrive(NOON + 3.05, b"a:3|c")
    rig.at(NOON + 3607, b"a:100|c")
    rig.at(NOON + 3610)
    assert rig.spans == [(0, 10), (3600, 3)]
    assert rig.counts == [3.0, 100.0]


def test_a_gap_within_what_waits_is_left_out(rig: Rig) -> None:
    rig.listener.arrive(NOON + 25, b"a:1|c")
    rig.at(NOON + 61)
    assert rig.spans == [(0, 0.1), (20, 5)]
    assert rig.counts == [0.0, 1.0]


def test_lateness_is_logged_when_it_begins(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for number in (1, 2, 3):
        rig.at(NOON + 10 * number + 2)
    assert caplog.text.count("late") == 1
    rig.at(NOON + 40.2)
    rig.at(NOON + 53)
    assert caplog.text.count("late") == 2


def test_a_clock_set_back_ends_the_interval_where_it_was_last_seen(rig: Rig) -> None:
    rig.at(NOON + 10, b"a:1|c")
    rig.at(NOON + 16, b"a:2|c")
    rig.at(NOON - 3596, b"a:4|c")
    rig.at(NOON - 3590, b"a:8|c")
    rig.at(NOON - 3580)
    assert rig.spans == [(0, 10), (10, 6), (-3600, 6), (-3590, 10)]
    assert rig.counts == [0.0, 7.0, 0.0, 8.0]


def test_a_clock_set_back_within_the_interval_does_not_end_it(rig: Rig) -> None:
    rig.at(NOON + 8)
    rig.at(NOON + 5)
    assert rig.spans == []
    rig.at(NOON + 10)
    assert rig.spans == [(0, 10)]


def test_each_flush_holds_losses_and_the_servers_own_numbers(rig: Rig) -> None:
    rig.listener.drops = {"backlog": 3, "kernel": 5}
    rig.other.drops = {"backlog": 1, "torn": 0}
    rig.at(NOON + 9, b"a:1|c\nbad")
    rig.at(NOON + 10)
    rig.at(NOON + 20)
    assert rig.flushes[0].counters == {
        "a": 1.0,
        "celeryscope.packets": 1.0,
        "celeryscope.lines": 2.0,
        "celeryscope.bad_lines.format": 1.0,
        "celeryscope.dropped.backlog": 4.0,
        "celeryscope.dropped.kernel": 5.0,
        "celeryscope.dropped.flushes": 2.0,
    }
    assert rig.flushes[0].gauges == {
        "celeryscope.series": 7.0,
        "celeryscope.flush.lag": 0.0,
        "celeryscope.backlog": 1.0,
    }
    assert rig.flushes[1].counters == {"celeryscope.dropped.flushes": 2.0}


def test_the_backlog_gauge_is_the_most_that_waited_in_the_interval(rig: Rig) -> None:
    rig.at(NOON + 1, *[b"a:1|c"] * 500)
    rig.at(NOON + 2, b"a:1|c")
    rig.at(NOON + 10)
    rig.at(NOON + 20)
    assert rig.own_gauge("backlog") == [500.0, 0.0]


def test_a_flush_tells_what_clients_sent_in_vain(rig: Rig) -> None:
    rig.at(NOON + 10)
    rig.at(NOON + 11, b"a:1|c", b"a:1|c", b"a:1|c\nceleryscope.client.sent:8|c")
    rig.at(NOON + 20)
    rig.at(NOON + 30)
    assert rig.own_counter("client.lost") == [0.0, 6.0, 0.0]
    assert rig.flushes[1].gauges["celeryscope.client.loss"] == 75.0
    assert "celeryscope.client.loss" not in rig.flushes[2].gauges


def test_another_thread_may_look_into_the_interval_under_way(rig: Rig) -> None:
    rig.at(NOON + 1, b"a:3|c")
    with rig.flusher.paused() as aggregator:
        assert aggregator.counters()["a"] == 3.0
    rig.at(NOON + 10)
    assert rig.counts == [3.0]


def test_a_flush_that_fails_is_logged_and_the_next_one_is_whole(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    rig.failures.append(OSError("disk full"))
    rig.flusher.start()
    rig.now = NOON + 10
    wait_until(lambda: "disk full" in caplog.text, what="the failure")
    rig.listener.arrive(NOON + 12, b"a:1|c")
    rig.now = NOON + 20
    wait_until(lambda: rig.flushes, what="the next flush")
    rig.flusher.stop()
    assert rig.spans[0] == (10, 10)
    assert rig.counts[0] == 1.0


def test_a_flush_that_fails_at_the_stop_takes_none_with_it(rig: Rig) -> None:
    rig.failures.append(OSError("disk full"))
    rig.flusher.start()
    rig.now = NOON + 10.5
    rig.listener.arrive(NOON + 10.5, b"a:1|c")
    rig.flusher.stop()
    assert rig.spans == [(10, 0.5)]
    assert rig.counts == [1.0]


def test_stopping_flushes_what_is_left_with_its_true_length(rig: Rig) -> None:
    rig.flusher.start()
    rig.now = NOON + 3
    rig.listener.arrive(NOON + 3, b"a:1|c")
    rig.flusher.stop()
    assert rig.spans == [(0, 3)]
    assert rig.counts == [1.0]


def test_stopping_late_ends_the_interval_that_was_due_first(rig: Rig) -> None:
    rig.flusher.start()
    rig.now = NOON + 10.5
    rig.flusher.stop()
    assert rig.spans == [(0, 10), (10, 0.5)]


def test_what_comes_in_the_moment_of_the_stop_gives_no_enormous_rate(rig: Rig) -> None:
    rig.flusher.start()
    rig.now = NOON + 10.001
    rig.listener.arrive(NOON + 10, *[b"a:1|c"] * 5)
    rig.flusher.stop()
    assert rig.spans == [(0, 10), (10, 0.1)]
    assert rig.counts == [0.0, 5.0]


def test_what_is_stamped_after_the_stop_is_flushed_too(rig: Rig) -> None:
    rig.flusher.start()
    rig.listener.arrive(NOON + 15, b"a:1|c")
    rig.flusher.stop()
    assert rig.counts == [1.0]


def test_the_thread_flushes_by_itself_on_the_real_clocks_beat() -> None:
    flushes: list[Flush] = []
    flusher = Flusher(
        [Handed()], Aggregator(), 0.25, flushes.append, own=OwnNumbers(), clock=time.time
    )
    flusher.start()
    wait_until(lambda: len(flushes) >= 3)
    flusher.stop()
    assert all(flush.start % 0.25 == 0 for flush in flushes)
    starts = [flush.start for flush in flushes]
    assert starts == sorted(starts)


def test_a_flusher_that_is_held_up_is_not_turning() -> None:
    now, entered, may_go_on = [NOON], Event(), Event()

    def sink(_: Flush) -> None:
        entered.set()
        assert may_go_on.wait(30)

    flusher = Flusher([], Aggregator(), INTERVAL, sink, own=OwnNumbers(), clock=lambda: now[0])
    assert not flusher.is_turning
    flusher.start()
    try:
        assert flusher.is_turning
        now[0] += INTERVAL
        assert entered.wait(30)
        assert flusher.is_turning
        now[0] += 2 * INTERVAL
        assert not flusher.is_turning
    finally:
        may_go_on.set()
        flusher.stop()
    assert not flusher.is_turning
