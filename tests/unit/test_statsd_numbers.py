"""Numbers are read strictly, and in bulk as they are one by one."""

from math import isfinite
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.statsd.numbers import parse_number, parse_numbers

RARE_CHARACTERS = st.binary() | st.text("0123456789+-.eE,:_x ", max_size=12).map(str.encode)


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
    assert parse_numbers([text]) == ([number], [])


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
    assert parse_numbers([b"1", text, b"2"]) == ([1.0, 2.0], [text])


@given(st.lists(RARE_CHARACTERS), st.sampled_from([float("-inf"), 0.0]))
@example([], 0.0)
@example([b"1e100", b"1e100"], 0.0)
@example([b"1e308", b"-1e308"], float("-inf"))
@example([b"1:2", b"1:-2", b"1:", b":"], 0.0)
def test_numbers_in_bulk_are_the_numbers_one_by_one(texts: list[bytes], least: float) -> None:
    numbers: list[float] = []
    refused: list[bytes] = []
    for text in texts:
        parts = [parse_number(part) for part in text.split(b":")]
        good = [part for part in parts if part is not None and part >= least]
        if len(good) == len(parts):
            numbers += good
        else:
            refused.append(text)
    assert parse_numbers(texts, least) == (numbers, refused)
    assert all(map(isfinite, numbers))


def test_a_text_may_pack_several_numbers_and_one_bad_one_spoils_it() -> None:
    texts = [b"1:2.5:-3", b"4", b"5:x:6", b"7:", b":8"]
    assert parse_numbers(texts) == ([1.0, 2.5, -3.0, 4.0], [b"5:x:6", b"7:", b":8"])
    assert parse_numbers([b"1:2", b"3:4"]) == ([1.0, 2.0, 3.0, 4.0], [])
    assert parse_numbers([b"1:-2", b"3:4"], least=0.0) == ([3.0, 4.0], [b"1:-2"])


@pytest.mark.parametrize(
    "text",
    [b"9" * 65_000 + b"x", b"." * 65_000, b"1." + b"9" * 65_000 + b"x", b"1e" + b"9" * 65_000],
)
def test_one_long_value_does_not_hold_the_parser_up(text: bytes) -> None:
    began = process_time()
    assert parse_number(text) is None
    assert process_time() - began < 1
