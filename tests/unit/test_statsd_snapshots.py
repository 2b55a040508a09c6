"""The interval that is under way can be looked at and edited, as node's admin port does."""

from celeryscope.metrics import Kind
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.batch import Batch
from support.flushes import own

LINES = [b"a.x:1|c", b"a.y:2|c", b"ab:3|c", b"t:5|ms", b"t:4|ms", b"g:7|g", b"bad"]


def test_looking_at_the_interval_does_not_change_it() -> None:
    looked, left = Aggregator(), Aggregator()
    for aggregator in (looked, left):
        aggregator.feed(Batch(LINES))
    assert looked.counters() == {
        "a.x": 1.0,
        "a.y": 2.0,
        "ab": 3.0,
        "celeryscope.packets": 7.0,
        "celeryscope.lines": 7.0,
        "celeryscope.bad_lines.format": 1.0,
    }
    assert looked.timers() == {"t": [5.0, 4.0]}
    assert looked.gauges() == {"g": 7.0}
    for aggregator in (looked, left):
        aggregator.feed(Batch([b"a.x:1|c", b"g:+1|g", b"t:1|ms"]))
    seen, unseen = looked.flush(0, 10), left.flush(0, 10)
    assert (seen.counters, seen.gauges) == (unseen.counters, unseen.gauges)
    assert (seen.timers["t"].sum, own(seen, "lines")) == (10.0, 10.0)


def test_a_name_or_all_below_a_prefix_can_be_forgotten() -> None:
    aggregator = Aggregator()
    aggregator.feed(Batch(LINES))
    assert aggregator.forget(Kind.COUNTER, "a.*") == ["a.x", "a.y"]
    assert aggregator.forget(Kind.COUNTER, "a") == []
    assert aggregator.forget(Kind.COUNTER, "celeryscope.lines") == []
    assert aggregator.forget(Kind.TIMER, "t") == ["t"]
    assert aggregator.forget(Kind.GAUGE, "g") == ["g"]
    aggregator.feed(Batch([b"a.y:9|c", b"g:-1|g"]))
    flush = aggregator.flush(0, 10)
    assert (flush.counters["ab"], flush.counters["a.y"]) == (3.0, 9.0)
    assert "a.x" not in flush.counters
    assert (flush.gauges, flush.timers) == ({"g": -1.0}, {})
