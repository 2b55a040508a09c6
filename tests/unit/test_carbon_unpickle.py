import datetime as dt
import os
import pickle
import tracemalloc
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon.unpickle import MAX_MESSAGE, NotPointsError, unpickled

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text("0123456789.")
ENTRY = st.tuples(st.text(), st.tuples(NUMBERS, NUMBERS)) | st.lists(st.none() | st.booleans())
FULL = MAX_MESSAGE - 2


class Run:
    """Says, as a pickle, that a command is to be run."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self._command,)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(entries=st.lists(ENTRY))
def test_points_come_back_as_they_were_pickled(protocol: int, entries: list[object]) -> None:
    assert unpickled(pickle.dumps(entries, protocol)) == entries


def test_a_full_message_comes_back() -> None:
    points = [(f"servers.host{i}.cpu.user", (1_700_000_000 + i, i / 7)) for i in range(15_000)]
    payload = pickle.dumps(points, 2)
    assert MAX_MESSAGE * 0.8 < len(payload) <= MAX_MESSAGE
    assert unpickled(payload) == points


def test_texts_of_python_2_are_bytes() -> None:
    assert unpickled(b"(lp0\n(S'a.b'\np1\n(I5\nF1.5\ntp2\ntp3\na.") == [(b"a.b", (5, 1.5))]
    assert unpickled(b"\x80\x02]U\x03a.b\x8a\x05\x00\x00\x00\x00\x01\x86a.") == [(b"a.b", 2**32)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_command_is_not_run(protocol: int, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    payload = pickle.dumps([("a", (1, Run(f"touch {proof}")))], protocol)
    with pytest.raises(NotPointsError):
        unpickled(payload)
    assert not proof.exists()
    pickle.loads(payload)
    assert proof.exists()


@pytest.mark.parametrize(
    "given", [{"a": 1}, {1}, frozenset(), bytearray(b"a"), Decimal(1), dt.date.min, print]
)
def test_what_points_do_not_need_is_refused(given: object) -> None:
    with pytest.raises(NotPointsError):
        unpickled(pickle.dumps([given]))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"cos\nsystem\n(S'true'\ntR.", id="GLOBAL and REDUCE"),
        pytest.param(b"(ios\nsystem\n.", id="INST"),
        pytest.param(b"\x8c\x02os\x8c\x06system\x93.", id="STACK_GLOBAL"),
        pytest.param(b"P1\n.", id="PERSID"),
        pytest.param(b"]\x82\x01.", id="EXT1"),
        pytest.param(b"]]b.", id="BUILD"),
        pytest.param(b"]r\xff\xff\xff\x7f.", id="LONG_BINPUT"),
        pytest.param(b"]p99999999\n.", id="PUT"),
        pytest.param(b"\x8b\xff\xff\xff\x7f.", id="LONG4"),
        pytest.param(b"\x8a\xff" + b"\xff" * 255 + b".", id="LONG1"),
        pytest.param(b"L" + b"9" * 4000 + b"\n.", id="LONG"),
        pytest.param(b"B\xff\xff\xff\x7f.", id="BINBYTES"),
        pytest.param(b"T\xff\xff\xff\xff.", id="BINSTRING"),
        pytest.param(b"\x8e" + b"\xff" * 7 + b"\x7f.", id="BINBYTES8"),
        pytest.param(b"\x96" + b"\xff" * 7 + b"\x7f.", id="BYTEARRAY8"),
        pytest.param(b"\x95" + b"\xff" * 7 + b"\x7f].", id="FRAME"),
        pytest.param(b"](" * 1000, id="no STOP"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"I5\n.", id="no list"),
        pytest.param(b"]" * (MAX_MESSAGE + 1), id="too long"),
    ],
)
def test_a_hostile_or_senseless_pickle_is_refused_at_little_cost(payload: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(NotPointsError):
            unpickled(payload)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"]" * FULL + b".", id="lists"),
        pytest.param(b"]" * (FULL // 2) + b"a" * (FULL // 2 - 1) + b".", id="lists in lists"),
        pytest.param(b")" + b"\x85" * FULL + b".", id="tuples in tuples"),
        pytest.param(b"(]q\0" + b"h\0" * (FULL // 2 - 2) + b"l.", id="one many times"),
        pytest.param(b"(" + b"\x8c\x02ab" * (FULL // 4) + b"l.", id="texts"),
        pytest.param(b"]r\xff\xff\x0f\0.", id="a memo"),
        pytest.param(b"]q\0" + b"h\0a" * 100 + b".", id="a list in itself"),
    ],
)
def test_no_pickle_takes_more_memory_than_a_hundred_times_its_limit(payload: bytes) -> None:
    tracemalloc.start()
    try:
        assert unpickled(payload) is not None
        assert tracemalloc.get_traced_memory()[1] < 100 * MAX_MESSAGE
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_list_or_refused(payload: bytes) -> None:
    with suppress(NotPointsError):
        assert isinstance(unpickled(payload), list | tuple)


@given(
    st.lists(
        st.sampled_from([bytes([code]) for code in b"(])latue.N\x85\x86h\0K\x01X\x8c\x94\n1I"])
    )
)
def test_opcodes_in_any_order_are_a_list_or_refused(opcodes: list[bytes]) -> None:
    with suppress(NotPointsError):
        assert isinstance(unpickled(b"".join(opcodes)), list | tuple)
