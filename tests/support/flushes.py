"""What an aggregator makes of datagrams, to compare with what was meant."""

from celeryscope.flush import Flush
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.batch import Batch


def interval(*datagrams: bytes) -> Flush:
    """Return what ten seconds with these datagrams give."""
    return ten_seconds(Aggregator(), *datagrams)


def ten_seconds(aggregator: Aggregator, *datagrams: bytes) -> Flush:
    """Return the flush of an interval in which these datagrams came together."""
    aggregator.feed(Batch(list(datagrams)))
    return aggregator.flush(0, 10)


def own(flush: Flush, name: str) -> float:
    return flush.counters.get(f"celeryscope.{name}", 0.0)


def bad_lines(flush: Flush) -> dict[str, float]:
    """Return the number of bad lines by reason."""
    prefix = "celeryscope.bad_lines."
    return {n.removeprefix(prefix): v for n, v in flush.counters.items() if n.startswith(prefix)}
