"""Lines read as columns, beside the same words read one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon.columns import Columns, columns, tidied
from celeryscope.carbon.numbers import Numbers

WORDS = st.text("abc.;=\xe9\u2028", min_size=1).map(str.encode)
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)
STAMPS = st.integers(1_000_000_000, 9_999_999_999) | st.integers(-1, 10**11)
BLANKS = st.sampled_from([b" ", b"  ", b"\t", b" \r", b"\x0b"])
ROWS = st.lists(st.tuples(WORDS, NUMBERS, STAMPS), min_size=1, max_size=50)


def line(path: bytes, value: object, timestamp: object) -> bytes:
    return b"%b %b %b\n" % (path, str(value).encode(), str(timestamp).encode())


def listed(found: Numbers | None) -> list[float]:
    assert found is not None
    values: list[float] = found.tolist()
    return values


def words_of(found: Columns | None) -> list[tuple[bytes, float, float]]:
    assert found is not None
    each = found.paths, listed(found.values), listed(found.timestamps)
    return list(zip(*each, strict=True))


@given(ROWS)
def test_usual_lines_are_read_as_their_words_are(rows: list[tuple[bytes, float, int]]) -> None:
    assert words_of(columns(b"".join(line(*row) for row in rows))) == rows


@given(ROWS, st.data())
def test_lines_with_other_white_space_are_usual_once_tidied(
    rows: list[tuple[bytes, float, int]], data: st.DataObject
) -> None:
    usual = b"".join(line(*row) for row in rows)
    odd = b"\n\n".join(
        blank + blank.join(one.split()) + blank
        for one in usual.splitlines()
        for blank in [data.draw(BLANKS)]
    )
    assert columns(odd + b"\n") is None
    assert tidied(odd) == usual


@pytest.mark.parametrize(
    "text",
    [
        b"a 1\nb 2 3 4\n",
        b"a 1 2 3\nb 2\n",
        b"a  1 2\n",
        b" a 1 2\n",
        b"a 1 2 \n",
        b"a\t1 2\n",
        b"a 1 2\r\n",
        b"a\0 1 2\n",
        b"a 1 2\n\n",
        b"\n",
    ],
)
def test_unusual_lines_have_no_columns(text: bytes) -> None:
    assert columns(text) is None


@pytest.mark.parametrize("word", [b"160000000x", b"16000.0000", b"/600000000", b":600000000"])
def test_ten_characters_that_are_not_all_digits_are_no_stamp(word: bytes) -> None:
    found = columns(line(b"a", 1, 1_600_000_000) + b"a 1 %b\n" % word)
    expected = [1_600_000_000, 16000] if word == b"16000.0000" else None
    assert found is not None
    assert (None if found.timestamps is None else found.timestamps.tolist()) == expected
