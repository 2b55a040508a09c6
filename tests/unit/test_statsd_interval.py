"""One interval's values: sets within their bounds, and what is forgotten."""

from celeryscope.metrics import STATSD_KINDS, Kind
from celeryscope.statsd.bad_lines import Reason
from celeryscope.statsd.gauges import Gauges
from celeryscope.statsd.interval import Interval
from celeryscope.statsd.protocol import Slot

SET = Slot(Kind.SET, "s", 1.0)
TIMER = Slot(Kind.TIMER, "t", 0.5)


def test_members_beyond_the_bytes_there_are_for_them_are_refused_and_known_ones_are_not() -> None:
    interval = Interval(Gauges(None, 9), max_member_bytes=330)
    assert interval.read(SET, [b"a", b"b", b"a"]) == []
    refused = interval.read(SET, [b"a", b"c", b"d", b"c"])
    assert refused == [(text, Reason.LIMIT) for text in (b"c", b"d", b"c")]
    assert interval.read(SET, [b"b", b"c"]) == []
    assert interval.sets() == {"s": 3.0}


def test_samples_are_at_hand_until_they_are_too_many() -> None:
    interval = Interval(Gauges(None, 9), max_samples=4)
    interval.read(TIMER, [b"3", b"1:2"])
    assert interval.samples() == {"t": [3.0, 1.0, 2.0]}
    interval.read(TIMER, [b"5", b"4"])
    assert interval.samples() == {"t": []}
    interval.read(TIMER, [b"6"])
    assert interval.samples() == {"t": [6.0]}
    timer = interval.timers()["t"]
    assert (timer.count, timer.samples, timer.sum, timer.values) == (12.0, 6, 21.0, None)


def test_a_forgotten_timer_makes_room_for_others() -> None:
    interval = Interval(Gauges(None, 9), max_samples=3)
    for _ in range(5):
        interval.read(TIMER, [b"1", b"2"])
        interval.forget(Kind.TIMER, "t")
    interval.read(TIMER, [b"1", b"2", b"3"])
    assert interval.samples() == {"t": [1.0, 2.0, 3.0]}


def test_each_kind_is_forgotten_by_itself() -> None:
    interval = Interval(Gauges(None, 9))
    slots = [Slot(kind, "x", 1.0) for kind in STATSD_KINDS]
    for slot in slots:
        interval.read(slot, [b"1"])
    for slot in slots:
        assert interval.names(slot.kind) == ["x"]
        interval.forget(slot.kind, "x")
        assert interval.names(slot.kind) == []
