"""Bad lines: counted by reason, and the last of them shown with who sent them."""

import pytest

from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.bad_lines import KEPT, BadLine, Reason
from celeryscope.statsd.batch import Batch
from support.flushes import bad_lines

SENDERS = {b"1": "alice", b"2": "bob"}


def batch(*datagrams: tuple[bytes, bytes]) -> Batch:
    """Return datagrams, each with its sender's number."""
    senders = b"".join(sender for _, sender in datagrams)
    return Batch([datagram for datagram, _ in datagrams], senders, SENDERS.__getitem__)


def test_a_bad_line_is_kept_with_its_reason_sender_and_time() -> None:
    aggregator = Aggregator(clock=lambda: 1700000000.5)
    aggregator.feed(batch((b"a:1|c", b"1"), (b"b:1|c\nno colon\nb:1|c", b"2"), (b"c:x|c", b"1")))
    assert aggregator.bad_lines() == [
        BadLine(1700000000.5, "no colon", Reason.FORMAT, "bob"),
        BadLine(1700000000.5, "c:x|c", Reason.VALUE, "alice"),
    ]


def test_the_last_twenty_are_kept_across_flushes() -> None:
    aggregator = Aggregator()
    for i in range(50):
        aggregator.feed(batch((b"bad %d" % i, b"1"), (b"worse %d" % i, b"2")))
        aggregator.flush(i, 1)
    kept = aggregator.bad_lines()
    assert len(kept) == KEPT
    assert [(one.line, one.sender) for one in kept[-2:]] == [
        ("bad 49", "alice"),
        ("worse 49", "bob"),
    ]


def test_of_many_bad_lines_at_once_the_last_have_their_senders() -> None:
    aggregator = Aggregator()
    aggregator.feed(batch(*((b"bad %d" % i, b"12"[i % 2 : i % 2 + 1]) for i in range(5000))))
    assert [one.sender for one in aggregator.bad_lines()] == ["alice", "bob"] * 10


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"\x00\xff\x1b[31m", r"\x00\xff\x1b[31m"),
        (b"it's", "it's"),
        (b"x" * 500, "x" * 200 + "..."),
        (b"tab\there", r"tab\there"),
    ],
)
def test_a_bad_line_can_be_printed_whatever_is_in_it(line: bytes, shown: str) -> None:
    aggregator = Aggregator()
    aggregator.feed(Batch([line]))
    assert [(one.line, one.sender) for one in aggregator.bad_lines()] == [(shown, "unknown")]


def test_a_bad_value_after_good_ones_is_shown_and_the_next_has_its_sender() -> None:
    aggregator = Aggregator()
    shown = []
    for i in range(4):
        aggregator.feed(batch((b"t:1|ms|@0.5", b"1"), (b"t:nan|ms|@0.5", b"2")))
        assert bad_lines(aggregator.flush(i, 1)) == {"value": 1.0}
        shown.append((aggregator.bad_lines()[-1].line, aggregator.bad_lines()[-1].sender))
    assert shown == [("t:nan|ms|@0.5", "unknown")] + [("t:nan|ms|@0.5", "bob")] * 3


def test_no_line_at_all_is_kept_where_none_is_bad() -> None:
    aggregator = Aggregator()
    aggregator.feed(Batch([b"a:1|c\n\n \n", b""]))
    aggregator.flush(0, 10)
    assert aggregator.bad_lines() == []
