"""Numbers as points have them: read strictly, one by one or many at once.

A value is finite and at most 1e100, so that sums of values are finite too. A text is a plain ASCII
decimal: no hexadecimal, no underscores.
"""

import re
from collections.abc import Sequence
from math import nan

import numpy as np
import orjson
from numpy.typing import NDArray

LARGEST = 1e100
_MAX_TEXT = 400
_NUMBER = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z")
_NAN = re.compile(rb"[+-]?nan\Z", re.IGNORECASE)
_DECIMAL_CHARACTERS = b"0123456789.+-eE,"

Numbers = NDArray[np.float64]


def number(given: object) -> float:
    """Return a number, or the number that a text spells; it may be NaN.

    Raises:
        ValueError: It is neither, or larger than 1e100.
    """
    value = _spelled(given) if isinstance(given, str | bytes) else _plain(given)
    if abs(value) > LARGEST:
        raise ValueError("the number is too large")
    return value


def numbers(texts: Sequence[bytes]) -> Numbers | None:
    """Return what all texts spell, or None if one is unusual and they have to be read singly."""
    joined = b",".join(texts)
    if joined.translate(None, _DECIMAL_CHARACTERS):
        return None
    try:
        values = np.array(orjson.loads(b"[%b]" % joined), dtype=np.float64)
    except (orjson.JSONDecodeError, OverflowError):
        return None
    return values if values.size == len(texts) and are_usual(values) else None


def are_usual(values: Numbers) -> bool:
    """Tell whether all are numbers of at most 1e100."""
    return bool((np.abs(values) <= LARGEST).all())


def _plain(given: object) -> float:
    if not isinstance(given, int | float):
        raise ValueError("it is no number")  # noqa: TRY004 -- one error for all that is none
    try:
        return float(given)
    except OverflowError as error:
        raise ValueError("the number is too large") from error


def _spelled(given: str | bytes) -> float:
    if len(given) > _MAX_TEXT:
        raise ValueError("the text is too long")
    text = (given if isinstance(given, bytes) else given.encode("ascii", "replace")).strip()
    if _NUMBER.match(text):
        return float(text)
    if _NAN.match(text):
        return nan
    raise ValueError("the text spells no number")
