from math import isfinite
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.metrics import Kind
from celeryscope.statsd.protocol import (
    MAX_NAME,
    BadLineError,
    Reason,
    Slot,
    parse_number,
    parse_numbers,
    parse_slot,
    sanitise,
)

RARE_CHARACTERS = st.binary() | st.text("0123456789+-.eE,_x ", max_size=12).map(str.encode)


@pytest.mark.parametrize(
    ("rest", "kind", "rate"),
    [
        (b"c", Kind.COUNTER, 1.0),
        (b"ms", Kind.TIMER, 1.0),
        (b"g", Kind.GAUGE, 1.0),
        (b"s", Kind.SET, 1.0),
        (b"c|@0.5", Kind.COUNTER, 0.5),
        (b"ms|@1", Kind.TIMER, 1.0),
        (b"c|@1e-3", Kind.COUNTER, 0.001),
        (b"c|@1e-9", Kind.COUNTER, 1e-9),
        (b"c|@+.25", Kind.COUNTER, 0.25),
        (b"c\r", Kind.COUNTER, 1.0),
        (b"ms|@0.1\r", Kind.TIMER, 0.1),
        (b" c |@0.1 ", Kind.COUNTER, 0.1),
        (b"g|@0.1", Kind.GAUGE, 1.0),
        (b"s|@0.1", Kind.SET, 1.0),
    ],
)
def test_a_good_line_has_a_kind_and_a_rate(rest: bytes, kind: Kind, rate: float) -> None:
    assert parse_slot(b"name", rest) == Slot(kind, "name", rate)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"", Reason.FORMAT),
        (b"c|", Reason.FORMAT),
        (b"c||", Reason.FORMAT),
        (b"c|@1|@1", Reason.FORMAT),
        (b"c|@0.5|#tag", Reason.FORMAT),
        (b"c|#tag:value", Reason.FORMAT),
        (b"c|c:container", Reason.FORMAT),
        (b"c|T1700000000", Reason.FORMAT),
        (b"c|0.5", Reason.FORMAT),
        (b"c" + b" " * 64, Reason.FORMAT),
        (b"c|@0.5" + b"0" * 60, Reason.FORMAT),
        (b" ", Reason.TYPE),
        (b"|@1", Reason.TYPE),
        (b"C", Reason.TYPE),
        (b"mss", Reason.TYPE),
        (b"h", Reason.TYPE),
        (b"d", Reason.TYPE),
        (b"kv", Reason.TYPE),
        (b"c:2|c", Reason.TYPE),
        (b"\xff", Reason.TYPE),
        (b"zzz|@0", Reason.TYPE),
        (b"c|@", Reason.RATE),
        (b"c|@0", Reason.RATE),
        (b"c|@0.0", Reason.RATE),
        (b"c|@-0.5", Reason.RATE),
        (b"c|@1.0001", Reason.RATE),
        (b"c|@100", Reason.RATE),
        (b"c|@nan", Reason.RATE),
        (b"c|@Infinity", Reason.RATE),
        (b"c|@1e-400", Reason.RATE),
        (b"c|@1e-300", Reason.RATE),
        (b"c|@1e999", Reason.RATE),
        (b"c|@0x1", Reason.RATE),
        (b"c|@ 1", Reason.RATE),
        (b"c|@1 1", Reason.RATE),
        ("c|@\N{ARABIC-INDIC DIGIT ONE}".encode(), Reason.RATE),
    ],
)
def test_a_bad_type_or_rate_is_refused_with_its_reason(rest: bytes, reason: Reason) -> None:
    with pytest.raises(BadLineError) as refused:
        parse_slot(b"name", rest)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (b"celery.task.a.b.c.runtime", "celery.task.a.b.c.runtime"),
        (b"A-z_0.9", "A-z_0.9"),
        (b"two  words\tthree", "two_words_three"),
        (b" led", "_led"),
        (b"a/b/c", "a-b-c"),
        (b"a|b%c(d)", "abcd"),
        ("tâche".encode(), "tche"),
        (b"\xff\xfename", "name"),
        (b"nul\x00l", "null"),
        (b"a..b...c", "a.b.c"),
        (b".a.", "a"),
        (b"a.\xff.b", "a.b"),
        (b"cpu;host=web1", "cpu;host=web1"),
        (b"constructor", "constructor"),
        (b"__proto__", "__proto__"),
        (b"n" * MAX_NAME, "n" * MAX_NAME),
    ],
)
def test_a_name_is_written_as_node_does_without_empty_nodes(name: bytes, written: str) -> None:
    assert sanitise(name) == written


@pytest.mark.parametrize("name", [b"", b".", b"..", b"\xff\xfe", b"%", b".%.", b"n" * 501])
def test_a_name_of_which_nothing_is_left_or_that_is_too_long_is_refused(name: bytes) -> None:
    with pytest.raises(BadLineError) as refused:
        parse_slot(name, b"c")
    assert refused.value.reason is Reason.NAME


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"0", 0.0),
        (b"-0", 0.0),
        (b"320", 320.0),
        (b"+5", 5.0),
        (b"-5.25", -5.25),
        (b".5", 0.5),
        (b"5.", 5.0),
        (b"1e3", 1000.0),
        (b"1E-3", 0.001),
        (b"007", 7.0),
        (b"1e100", 1e100),
        (b"-1e100", -1e100),
        (b"1e-999", 0.0),
    ],
)
def test_decimals_are_numbers(text: bytes, number: float) -> None:
    assert parse_number(text) == number
    assert parse_numbers([text]) == ([number], 0)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b" 1",
        b"1 ",
        b"1\n",
        b"nan",
        b"inf",
        b"-Infinity",
        b"1e999",
        b"1e101",
        b"0x10",
        b"1_000",
        b"1,5",
        b"--1",
        b"+-1",
        b"1.2.3",
        b".",
        b"e3",
        b"1e",
        b"1e5.0",
        "\N{ARABIC-INDIC DIGIT ONE}".encode(),
        "\N{FULLWIDTH DIGIT ONE}".encode(),
        b"\xff",
        b"1\x00",
    ],
)
def test_what_is_no_plain_decimal_is_no_number(text: bytes) -> None:
    assert parse_number(text) is None
    assert parse_numbers([b"1", text, b"2"]) == ([1.0, 2.0], 1)


@given(st.lists(RARE_CHARACTERS))
@example([])
@example([b"1e100", b"1e100"])
@example([b"1e308", b"-1e308"])
def test_numbers_in_bulk_are_the_numbers_one_by_one(texts: list[bytes]) -> None:
    singly = [number for text in texts if (number := parse_number(text)) is not None]
    assert parse_numbers(texts) == (singly, len(texts) - len(singly))
    assert all(map(isfinite, singly))


@given(st.binary(), st.binary())
def test_any_bytes_are_a_slot_or_a_bad_line(name: bytes, rest: bytes) -> None:
    try:
        slot = parse_slot(name, rest)
    except BadLineError:
        return
    assert 0 < slot.rate <= 1
    assert slot.name
    assert slot.name == sanitise(slot.name.encode())


@pytest.mark.parametrize(
    "text",
    [b"9" * 65_000 + b"x", b"." * 65_000, b"1." + b"9" * 65_000 + b"x", b"1e" + b"9" * 65_000],
)
def test_one_long_value_does_not_hold_the_parser_up(text: bytes) -> None:
    began = process_time()
    assert parse_number(text) is None
    assert process_time() - began < 1
