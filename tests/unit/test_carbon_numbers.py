import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon.numbers import LARGEST, number, numbers

GOOD = ["0", "-0", "1", "+1", "007", "1.5", ".5", "5.", "1e3", "-1.5E-3", "1e100", "9" * 100]
BAD = [
    "",
    "x",
    "0x10",
    "1_000",
    "1,5",
    "inf",
    "-Infinity",
    "1e101",
    "1e400",
    "--1",
    "1 2",
    "\u0661",
]
USUAL = st.floats(-LARGEST, LARGEST).map(repr) | st.integers(-(2**70), 2**70).map(str)


@pytest.mark.parametrize("text", GOOD)
def test_a_plain_decimal_is_read_as_python_reads_it(text: str) -> None:
    assert number(text) == number(f" {text}\n".encode()) == float(text)


@pytest.mark.parametrize("given", [*BAD, "9" * 500, None, [], 10**400, math.inf, 2 * LARGEST])
def test_what_is_no_number_or_too_large_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"number|text"):
        number(given)


@pytest.mark.parametrize("given", ["nan", b"NaN", "-nan", math.nan])
def test_nan_is_told_from_what_is_no_number(given: object) -> None:
    assert math.isnan(number(given))


@given(st.lists(USUAL, min_size=1))
def test_many_are_read_as_each_of_them_is(texts: list[str]) -> None:
    found = numbers([text.encode() for text in texts])
    assert found is not None
    assert found.tolist() == [number(text) for text in texts]


@pytest.mark.parametrize("odd", [*BAD, "nan", "[1]", "true", "null", '"5"', "1]", "[[1", "1,2"])
def test_many_are_left_to_be_read_singly_for_one_that_is_odd(odd: str) -> None:
    assert numbers([b"1", odd.encode(), b"2"]) is None


@given(st.lists(st.text("0123456789.+-eE,").map(str.encode), min_size=1))
def test_many_are_never_read_otherwise_than_singly(texts: list[bytes]) -> None:
    found = numbers(texts)
    if found is not None:
        assert np.array_equal(found, [number(text) for text in texts])
