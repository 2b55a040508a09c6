"""Streams cut into lines, however they come in parts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from celeryscope.sockets.lines import LineCutter

LIMIT = 5
LINES = st.lists(st.binary(max_size=2 * LIMIT).map(lambda line: line.replace(b"\n", b" ")))


def cut(cutter: LineCutter, stream: bytes, ends: list[int]) -> list[bytes]:
    """Return the parts that are not empty of a stream handed over in pieces."""
    bounds = [0, *sorted(end % (len(stream) + 1) for end in ends), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(bounds)]
    return [part for part in [*map(cutter.cut, pieces), cutter.end()] if part]


@given(lines=LINES, tail=st.binary(max_size=LIMIT), ends=st.lists(st.integers(0, 500)))
def test_the_same_lines_come_out_wherever_a_stream_is_parted(
    lines: list[bytes], tail: bytes, ends: list[int]
) -> None:
    tail = tail.replace(b"\n", b" ")
    left_out: list[bytes] = []
    cutter = LineCutter(LIMIT, left_out.append)
    parts = cut(cutter, b"".join(line + b"\n" for line in lines) + tail, ends)
    came = [line for part in parts for line in part.split(b"\n") if line]
    assert came == [line for line in [*lines, tail] if 0 < len(line) <= LIMIT]
    long = [line for line in lines if len(line) > LIMIT]
    assert len(left_out) == len(long)
    assert all(line.startswith(start) for line, start in zip(long, left_out, strict=True))


def test_a_line_without_end_is_not_kept_and_counted_once() -> None:
    left_out: list[bytes] = []
    cutter = LineCutter(LIMIT, left_out.append)
    for _ in range(1000):
        assert cutter.cut(b"endless") == b""
        assert cutter.held <= LIMIT
    assert cutter.cut(b"\na:1|c\nb") == b"a:1|c"
    assert cutter.end() == b"b"
    assert left_out == [b"endless"]


def test_nothing_is_left_when_the_stream_ended_with_a_newline() -> None:
    cutter = LineCutter(LIMIT, lambda _: None)
    assert cutter.cut(b"a:1|c\n") == b"a:1|c"
    assert cutter.end() == b""
