r"""Pickled points, read without running anything that they say.

A pickle is a program: opcodes of one byte, each with its argument. Before it is run every opcode is
looked at, and one that is not among those below refuses the whole. What is left can make lists,
tuples, texts and numbers; it can neither name a class or a function nor call one. Arguments are
bounded too, since a few bytes could ask for any amount of memory or time:

    LONG_BINPUT 2^31   makes the reader's memo an array of twice so many entries
    BINBYTES8 2^40     sets so much room aside, and then looks whether that much comes
    LONG4              a number of any length
    FROZENSET          hashes what is in it, which takes 2^n steps for n tuples inside each other
"""

import io
import pickle
import re
from typing import NoReturn

MAX_MESSAGE = 2**20
"""How many bytes a message has at most, as Carbon takes it."""

_PLAIN = re.compile(
    rb"""(?:
    [(\]\)atel.N\x85-\x89\x94]      # marks, lists, tuples, None, booleans, MEMOIZE, STOP
    | [\x80hqK].                    # PROTO, BINGET, BINPUT, BININT1
    | M..                           # BININT2
    | J....                         # BININT
    | [jr]..[\x00-\x0f]\x00         # LONG_BINGET, LONG_BINPUT; of 2^20 bytes none needs more
    | [G\x95]........               # BINFLOAT, FRAME
    | [gp][0-9]{1,6}\n              # GET, PUT
    | [IL][+-]?[0-9]{1,39}L?\n      # INT, LONG
    | F[^\n]{1,400}\n               # FLOAT
    | [SV][^\n]*\n                  # STRING, UNICODE
    )*+""",
    re.DOTALL | re.VERBOSE,
)
# An opcode that says how many bytes follow: how many bytes say it, and how many there may be.
_COUNTED = {
    ord("U"): (1, MAX_MESSAGE),  # SHORT_BINSTRING
    ord("T"): (4, MAX_MESSAGE),  # BINSTRING
    0x8C: (1, MAX_MESSAGE),  # SHORT_BINUNICODE
    ord("X"): (4, MAX_MESSAGE),  # BINUNICODE
    ord("C"): (1, MAX_MESSAGE),  # SHORT_BINBYTES
    ord("B"): (4, MAX_MESSAGE),  # BINBYTES
    0x8A: (1, 16),  # LONG1
}
_UNKNOWN = (0, -1)
# What the reader raises for opcodes that are each in order and together make no sense.
_NONSENSE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
)


class NotPointsError(ValueError):
    """It is no pickle, or has more in it than lists, tuples, texts and numbers."""


def unpickled(payload: bytes) -> list[object] | tuple[object, ...]:
    """Return the list in a pickle of at most 1 MiB; Python 2's texts are bytes.

    Raises:
        NotPointsError: It is none.
    """
    if len(payload) > MAX_MESSAGE:
        raise NotPointsError("the message is too long")
    _look_at_opcodes(payload)
    try:
        # From a buffered reader it can read ahead, which makes it four times as fast.
        reader = io.BufferedReader(io.BytesIO(payload))
        found = _Unpickler(reader, encoding="bytes").load()
    except _NONSENSE as error:
        raise NotPointsError("the pickle makes no sense") from error
    if not isinstance(found, list | tuple):
        raise NotPointsError("the pickle has no list")
    return found


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no point")


def _look_at_opcodes(payload: bytes) -> None:
    at = 0
    while match := _PLAIN.match(payload, at):
        at = match.end()
        if at == len(payload):
            return
        width, most = _COUNTED.get(payload[at], _UNKNOWN)
        start = at + 1 + width
        size = int.from_bytes(payload[at + 1 : start], "little")
        at = start + size
        if size > most or at > len(payload):
            raise NotPointsError("an opcode or an argument is none that points need")
