import pickle
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.refusals import Refusals
from celeryscope.carbon.streams import MAX_LINE, LineStream, MessageStream, Stream
from celeryscope.carbon.unpickle import MAX_MESSAGE

NOW = 1_700_000_000.0
LINES = [b"a%d %d 1600000000\n" % (i, i) for i in range(20)]


class Reading:
    """A stream that is fed, and what came of it."""

    def __init__(self, kind: type[LineStream] | type[MessageStream]) -> None:
        self._refusals = Refusals(lambda: NOW)
        self.stream: Stream = kind(Decoder(self._refusals, lambda: NOW), self._refusals, "tcp a:1")
        self.names: list[str] = []

    def feed(self, *parts: bytes) -> "Reading":
        for part in parts:
            self.names += self.stream.feed(part).names
        return self

    def end(self) -> "Reading":
        self.names += self.stream.end().names
        return self

    def refused(self) -> dict[str, int]:
        counts = self._refusals.take_counts()
        return {name.removeprefix("bad_lines."): n for name, n in counts.items() if n}


def message(*names: str) -> bytes:
    payload = pickle.dumps([(name, (1_600_000_000, 1.0)) for name in names], 2)
    return struct.pack("!I", len(payload)) + payload


def cut(stream: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.integers(0, 400)))
def test_lines_are_the_same_wherever_they_are_cut(places: list[int]) -> None:
    reading = Reading(LineStream).feed(*cut(b"".join(LINES), places))
    assert reading.names == [f"a{i}" for i in range(20)]
    assert (reading.refused(), reading.stream.held) == ({}, 0)


@given(st.lists(st.integers(0, 600)))
def test_messages_are_the_same_wherever_they_are_cut(places: list[int]) -> None:
    sent = message("a", "b") + message() + message("c") + message("d", "e")
    reading = Reading(MessageStream).feed(*cut(sent, places))
    assert reading.names == ["a", "b", "c", "d", "e"]
    assert (reading.refused(), reading.stream.held) == ({}, 0)


def test_a_last_line_is_completed_by_the_end() -> None:
    reading = Reading(LineStream).feed(b"a 1 2\nb 1 2")
    assert (reading.names, reading.stream.held) == (["a"], 5)
    assert reading.end().names == ["a", "b"]
    assert reading.stream.held == 0


def test_a_last_message_is_not_completed_by_the_end() -> None:
    reading = Reading(MessageStream).feed(message("a"), message("b")[:-1]).end()
    assert reading.names == ["a"]
    assert reading.stream.held == len(message("b")) - 1


@pytest.mark.parametrize("part", [1000, MAX_LINE, 10 * MAX_LINE])
def test_a_line_that_is_too_long_is_refused_and_the_next_one_read(part: int) -> None:
    sent = b"a 1 2\n" + b"x" * (5 * MAX_LINE) + b" 1 2\nb 1 2\nc"
    reading = Reading(LineStream).feed(*cut(sent, range(part, len(sent), part)))
    assert reading.names == ["a", "b"]
    assert (reading.refused(), reading.stream.held) == ({"long": 1}, 1)


def test_a_long_part_of_short_lines_is_read_whole() -> None:
    assert len(Reading(LineStream).feed(b"".join(LINES) * 1000).names) == 20_000


def test_what_is_held_of_a_line_is_bounded() -> None:
    reading = Reading(LineStream)
    for _ in range(100):
        reading.feed(b"x" * 1000)
        assert reading.stream.held <= MAX_LINE
    assert not reading.stream.broken


def test_lines_sent_for_messages_break_the_stream() -> None:
    reading = Reading(MessageStream).feed(message("a") + b"b 1 2\n" * 10)
    assert reading.stream.broken
    assert reading.names == ["a"]
    assert reading.refused() == {"long": 1}


def test_a_message_of_the_largest_size_is_taken_and_none_beyond() -> None:
    payload = b"]".ljust(MAX_MESSAGE - 1, b"]") + b"."
    reading = Reading(MessageStream).feed(struct.pack("!I", MAX_MESSAGE) + payload)
    assert (reading.refused(), reading.stream.broken) == ({}, False)
    assert reading.feed(struct.pack("!I", MAX_MESSAGE + 1)).stream.broken


def test_a_bad_message_is_refused_and_the_next_one_read() -> None:
    reading = Reading(MessageStream).feed(struct.pack("!I", 3) + b"cos" + message("a"))
    assert reading.names == ["a"]
    assert reading.refused() == {"pickle": 1}


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_can_be_fed(parts: list[bytes]) -> None:
    for kind in (LineStream, MessageStream):
        reading = Reading(kind).feed(*parts).end()
        assert reading.stream.held <= sum(map(len, parts))
