"""What waits to be aggregated, on a clock that the tests move."""

from itertools import count

from celeryscope.statsd.backlog import Backlog


def test_what_came_before_a_time_is_taken_in_its_order_and_the_rest_waits() -> None:
    seconds = count(10)
    backlog = Backlog(clock=lambda: next(seconds))
    backlog.put([b"a", b"b"], b"AABB")
    backlog.put([b"c"], b"CC")
    backlog.put([b"d"], b"DD")
    assert backlog.waiting == 4
    assert backlog.take(until=10) == ([], b"")
    assert backlog.take(until=12) == ([b"a", b"b", b"c"], b"AABBCC")
    assert backlog.oldest() == 12
    assert backlog.take() == ([b"d"], b"DD")
    assert backlog.oldest() is None
    assert backlog.waiting == 0


def test_what_comes_while_it_is_full_of_datagrams_is_dropped_and_counted() -> None:
    backlog = Backlog(max_datagrams=2)
    backlog.put([b"1"])
    backlog.put([b"2", b"3"])
    backlog.put([b"4", b"5"])
    assert backlog.is_full
    assert backlog.take_dropped() == 2
    assert backlog.take_dropped() == 0
    assert backlog.take()[0] == [b"1", b"2", b"3"]
    backlog.put([b"6"])
    assert backlog.take()[0] == [b"6"]


def test_what_comes_while_it_is_full_of_bytes_is_dropped_and_counted() -> None:
    backlog = Backlog(max_bytes=10)
    backlog.put([b"x" * 9])
    backlog.put([b"x" * 9])
    backlog.put([b""])
    assert backlog.take_dropped() == 1
    assert backlog.take()[0] == [b"x" * 9] * 2
    assert not backlog.is_full
