r"""Lines of three words as columns, all at once where they are written as usual.

    usual  = word " " word " " word "\n"       one space between words, none around them

That is what Carbon's clients send; what has other white space is to be tidied first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from celeryscope.carbon.numbers import Numbers, numbers

_LAST_BLANK = 0x20  # all white space of ASCII is at or below it
_GAPS = np.frombuffer(b"  \n", np.uint8)
_ZERO = ord("0")
_STAMP_DIGITS = 10
"""Unix times have so many from 2001 to 2286."""
_POWERS = 10.0 ** np.arange(_STAMP_DIGITS - 1, -1, -1)

_Places = NDArray[np.intp]
_Characters = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The words of lines: paths, and what the others spell, or None where one is unusual."""

    paths: Sequence[bytes]
    values: Numbers | None
    timestamps: Numbers | None


def columns(text: bytes) -> Columns | None:
    """Return the columns of lines that end with a newline each, or None if one is unusual."""
    characters = np.frombuffer(text, np.uint8)
    gaps = np.flatnonzero(characters <= _LAST_BLANK)
    if gaps.size % _GAPS.size or not _are_usual(characters, gaps):
        return None
    words = text.split()
    timestamps = _stamps(characters, gaps[1::3] + 1, gaps[2::3])
    if timestamps is None:
        timestamps = numbers(words[2::3])
    return Columns(words[::3], numbers(words[1::3]), timestamps)


def tidied(text: bytes) -> bytes:
    """Return lines with one space between their words, without blank ones."""
    lines = (b" ".join(line.split()) for line in text.split(b"\n"))
    return b"".join([line + b"\n" for line in lines if line])


def _are_usual(characters: _Characters, gaps: _Places) -> bool:
    has_words = np.diff(gaps, prepend=-1) > 1
    return bool(has_words.all() and (characters[gaps].reshape(-1, _GAPS.size) == _GAPS).all())


def _stamps(characters: _Characters, starts: _Places, ends: _Places) -> Numbers | None:
    """Return what words of ten digits each spell, or None if one is something else."""
    if (ends - starts != _STAMP_DIGITS).any():
        return None
    windows = np.lib.stride_tricks.sliding_window_view(characters, _STAMP_DIGITS)
    digits = windows[starts] - _ZERO  # what comes before the digits wraps around
    if (digits > 9).any():  # noqa: PLR2004 -- the last digit
        return None
    stamps: Numbers = digits @ _POWERS
    return stamps
