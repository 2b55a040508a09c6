import pickle
from collections.abc import Sequence
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon.decode import MAX_AHEAD, Decoder
from celeryscope.carbon.refusals import KEPT, BadLine, Reason, Refusals
from celeryscope.store.protocol import Points

NOW = 1_700_000_000.75
SENDER = "tcp 127.0.0.1:45678"

Row = tuple[str, int, float]

ODD_WORDS = st.sampled_from(
    ["a", "a.b", "..", "nan", "1", "-1", "1e3", "inf", "1_0", "\0", "x;k=v"]
)
ODD_LINES = st.lists(ODD_WORDS, max_size=5).map(" ".join)
GOOD_LINES = st.integers(0, 99).map(lambda i: f"a.b{i} {i / 4} {1_600_000_000 + i}")


def rows(points: Points) -> list[Row]:
    assert points.timestamps.dtype == "int64"
    assert points.values.dtype == "float64"
    columns = points.names, points.timestamps.tolist(), points.values.tolist()
    return list(zip(*columns, strict=True))


class Read:
    """What a decoder made of something, and what it refused."""

    def __init__(self, *texts: bytes, messages: Sequence[bytes] = ()) -> None:
        refusals = Refusals(lambda: NOW)
        decoder = Decoder(refusals, lambda: NOW)
        self.rows: list[Row] = []
        for text in texts:
            self.rows += rows(decoder.lines(text, SENDER))
        for message in messages:
            self.rows += rows(decoder.message(message, SENDER))
        counts = refusals.take_counts()
        self.refused = {name.removeprefix("bad_lines."): n for name, n in counts.items() if n}
        self.last = refusals.last()


def pickled(*entries: object) -> Read:
    return Read(messages=[pickle.dumps(list(entries), 2)])


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b"a.b 3 1600000000", ("a.b", 1_600_000_000, 3.0)),
        (b"  a.b\t-1.5e3  1600000000.9\r", ("a.b", 1_600_000_000, -1500.0)),
        (b"a.b 3 -1", ("a.b", 1_700_000_000, 3.0)),
        (b"a.b 3 -1.0", ("a.b", 1_700_000_000, 3.0)),
        (b"a.b 3 1", ("a.b", 1, 3.0)),
        (b"..a;z=1;b=2 3 1600000000", ("a;b=2;z=1", 1_600_000_000, 3.0)),
        (b"a 3 %d" % (NOW + MAX_AHEAD), ("a", int(NOW) + MAX_AHEAD, 3.0)),
    ],
)
def test_a_line_is_a_path_a_value_and_a_time(line: bytes, row: Row) -> None:
    assert Read(line).rows == [row]
    assert Read(b"\n".join([line] * 100)).rows == [row] * 100


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a", Reason.FORMAT),
        (b"a 1", Reason.FORMAT),
        (b"a 1 1600000000 1", Reason.FORMAT),
        (b"a b 1 1600000000", Reason.FORMAT),
        (b"... 1 1600000000", Reason.NAME),
        (b"a\xff 1 1600000000", Reason.NAME),
        (b"a x 1600000000", Reason.VALUE),
        (b"a inf 1600000000", Reason.VALUE),
        (b"a 1e101 1600000000", Reason.VALUE),
        (b"a NaN 1600000000", Reason.NAN),
        (b"a 1 x", Reason.TIME),
        (b"a 1 nan", Reason.TIME),
        (b"a 1 0", Reason.TIME),
        (b"a 1 -2", Reason.TIME),
        (b"a 1 1600000000000", Reason.TIME),
        (b"a 1 %d" % (NOW + MAX_AHEAD + 1), Reason.TIME),
    ],
)
def test_a_bad_line_is_counted_and_kept_and_spoils_no_other(line: bytes, reason: Reason) -> None:
    good = [b"a.b %d 1600000000" % i for i in range(200)]
    for lines in ([line], [line, *good], [*good, line], [*good[:99], line, *good[99:]]):
        read = Read(b"\n".join(lines))
        assert len(read.rows) == len(lines) - 1
        assert read.refused == {reason: 1}
        assert read.last == [BadLine(NOW, str(line)[2:-1], reason, SENDER)]


def test_points_keep_their_order_and_their_age() -> None:
    times = [1_600_000_000, 5, 1_699_999_999, 5, 1_600_000_000]
    lines = [b"a %d %d" % (i, at) for i, at in enumerate(times * 20)]
    assert Read(b"\n".join(lines)).rows == [("a", at, i) for i, at in enumerate(times * 20)]


def test_blank_lines_are_none() -> None:
    read = Read(b"", b"\n \n\r\n", b"\n\na 1 2\n\n", b"\n".join([b"a 1 2", b""] * 50))
    assert read.rows == [("a", 2, 1.0)] * 51
    assert read.refused == {}


def test_words_that_only_add_up_are_not_taken_for_lines() -> None:
    short_after_long = [b"a 1 2 x", b"5 6"] * 50
    with_marks_of_ours = [b"a 1 2 \0 b 1 2", b"", b"5 6"] * 50
    read = Read(b"\n".join(short_after_long), b"\n".join(with_marks_of_ours))
    assert read.rows == []
    assert read.refused == {"format": 200}


def test_only_the_last_bad_lines_are_kept_and_shown_in_short() -> None:
    read = Read(b"\n".join(b"%d" % i for i in range(100)), b"\x00" * 300)
    assert [bad.line for bad in read.last[:-1]] == [str(i) for i in range(101 - KEPT, 100)]
    assert read.last[-1].line == "\\x00" * 200 + "..."


@given(st.lists(ODD_LINES | GOOD_LINES, max_size=200), st.data())
def test_lines_are_read_alike_however_many_come_at_once(
    lines: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines)))
    every = [line.encode() for line in lines]
    whole, halves = Read(b"\n".join(every)), Read(b"\n".join(every[:at]), b"\n".join(every[at:]))
    single = Read(*every)
    assert whole.rows == halves.rows == single.rows
    assert whole.refused == halves.refused == single.refused
    refused = sum(single.refused.values())
    assert len(single.rows) + refused == sum(bool(line.split()) for line in every)


@given(st.binary() | st.binary().map(lambda text: text * 100))
def test_any_bytes_are_points_or_refused(text: bytes) -> None:
    read = Read(text)
    words = [line for line in text.split(b"\n") if line.split()]
    assert len(read.rows) + sum(read.refused.values()) == len(words)


def test_a_message_has_points() -> None:
    read = pickled(("a.b", (1_600_000_000, 3)), ("..c", (1_600_000_000.9, -1.5)), ("d", (-1, 2)))
    assert read.rows == [("a.b", 1_600_000_000, 3), ("c", 1_600_000_000, -1.5), ("d", int(NOW), 2)]
    assert read.refused == {}


def test_a_message_may_have_texts_for_numbers_and_lists_for_pairs() -> None:
    read = pickled(["a", ["1600000000", "3.5"]], ("b", ("-1", 1)), ("c", (5, True)))
    assert read.rows == [("a", 1_600_000_000, 3.5), ("b", int(NOW), 1), ("c", 5, 1)]


@pytest.mark.parametrize(
    ("entry", "reason", "shown"),
    [
        (5, Reason.FORMAT, "5"),
        ("a", Reason.FORMAT, "a"),
        ((), Reason.FORMAT, "tuple"),
        (("a", 5), Reason.FORMAT, "tuple"),
        (("a", (5,)), Reason.FORMAT, "tuple"),
        (("a", 5, 6), Reason.FORMAT, "a 5 6"),
        ((5, (6, 7)), Reason.NAME, "5 7 6"),
        (("...", (6, 7)), Reason.NAME, "... 7 6"),
        (("a\ud800" * 501, (6, 7)), Reason.NAME, "a\\\\ud800" * 40 + "..."),
        (("a", (5, None)), Reason.VALUE, "a NoneType 5"),
        (("a", (5, [])), Reason.VALUE, "a list 5"),
        (("a", (5, 2.0**400)), Reason.VALUE, f"a {2.0**400!r} 5"),
        (("a", (5, inf)), Reason.VALUE, "a inf 5"),
        (("a", (5, nan)), Reason.NAN, "a nan 5"),
        (("a", ("x", 5)), Reason.TIME, "a 5 x"),
        (("a", (2**62, 5)), Reason.TIME, f"a 5 {2**62}"),
    ],
)
def test_a_bad_entry_is_counted_and_spoils_no_other(
    entry: object, reason: Reason, shown: str
) -> None:
    read = pickled(("b", (5, 6)), entry, ("c", (5, 6)))
    assert read.rows == [("b", 5, 6), ("c", 5, 6)]
    assert read.refused == {reason: 1}
    assert read.last[0].line[:200] == shown[:200]


def test_a_message_that_is_none_is_counted_once() -> None:
    read = Read(messages=[b"", b"x", pickle.dumps(print), pickle.dumps({"a": 1})])
    assert read.rows == []
    assert read.refused == {"pickle": 4}


def test_an_empty_message_has_no_points() -> None:
    assert (pickled().rows, pickled().refused) == ([], {})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
)


@given(st.lists(ANYTHING | st.tuples(st.text(), st.tuples(ANYTHING, ANYTHING))))
def test_every_entry_of_a_message_is_a_point_or_refused(entries: list[object]) -> None:
    read = pickled(*entries)
    assert len(read.rows) + sum(read.refused.values()) == len(entries)


@given(st.lists(st.tuples(st.text("ab."), st.tuples(st.integers(0, 9), st.floats(-9, 9)))))
def test_a_message_is_read_as_the_lines_would_be(
    entries: list[tuple[str, tuple[int, float]]],
) -> None:
    lines = [f"{path} {value!r} {at}".encode() for path, (at, value) in entries if path]
    message = pickled(*(entry for entry in entries if entry[0]))
    assert Read(b"\n".join(lines)).rows == message.rows
