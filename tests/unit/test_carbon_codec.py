import pickle
import struct
from math import ulp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon import codec

TIME = 1_700_000_000
LARGEST_OF_CARBONS = 2**20
FINITE = st.floats(allow_nan=False, allow_infinity=False)
PATHS = st.text("abc.-_;=09", min_size=1, max_size=40)
POINTS = st.lists(st.tuples(PATHS, FINITE), max_size=20)

Rows = list[tuple[str, float]]


def snapshot(points: Rows) -> codec.Snapshot:
    return codec.Snapshot([path for path, _ in points], np.array([value for _, value in points]))


@given(POINTS)
def test_lines_read_as_what_was_written(points: Rows) -> None:
    read = [line.split() for line in codec.lines(snapshot(points), TIME).decode().splitlines()]
    assert [(path, float(value)) for path, value, _ in read] == points
    assert {int(timestamp) for _, _, timestamp in read} <= {TIME}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-2.5, "-2.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e16, "10000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.00001, "0.00001"),
        (0.0000012, "0.0000012"),
        (1e-7, "1e-7"),
        (1.5e-10, "1.5e-10"),
    ],
)
def test_numbers_are_written_as_node_writes_them(value: float, text: str) -> None:
    assert codec.number(value) == text


@given(FINITE.filter(lambda value: not value or 1e-6 <= abs(value) < 1e21))
def test_numbers_of_a_usual_size_have_no_exponent(value: float) -> None:
    text = codec.number(value)
    assert float(text) == value
    assert set(text) <= set("-.0123456789")
    assert not text.endswith(".0")


def unpickled(data: bytes) -> list[list[tuple[str, tuple[float, float]]]]:
    """Read pickled messages as carbon does."""
    messages = []
    while data:
        (length,) = struct.unpack("!I", data[:4])
        assert length <= LARGEST_OF_CARBONS
        messages.append(pickle.loads(data[4 : 4 + length]))
        data = data[4 + length :]
    return messages


@given(POINTS)
def test_pickles_read_as_what_was_written(points: Rows) -> None:
    read = [
        point for message in unpickled(codec.pickles(snapshot(points), TIME)) for point in message
    ]
    assert read == [(path, (TIME, value)) for path, value in points]


def test_many_points_of_long_names_are_parted_into_messages_that_carbon_takes() -> None:
    points = [("n" * 700 + str(number), 1 + ulp(1.0)) for number in range(1001)]
    assert [len(message) for message in unpickled(codec.pickles(snapshot(points), TIME))] == [
        500,
        500,
        1,
    ]


def test_no_points_are_no_bytes() -> None:
    assert codec.lines(snapshot([]), TIME) == codec.pickles(snapshot([]), TIME) == b""


@given(st.lists(FINITE | st.integers(-(10**6), 10**6).map(float) | st.floats(-1e-4, 1e-4)))
def test_many_numbers_are_written_as_each_of_them_is(values: list[float]) -> None:
    assert codec.numbers(np.array(values)) == [codec.number(value) for value in values]


@given(POINTS)
def test_a_snapshot_has_its_points_in_order(points: Rows) -> None:
    assert list(snapshot(points)) == points
    assert len(snapshot(points)) == len(points)
