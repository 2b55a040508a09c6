"""Numbers as StatsD lines have them: read strictly, and in bulk.

They are plain ASCII decimals: no NaN, infinity, hexadecimal or underscores, and none so large that
sums, squares or a division by a rate could overflow. A text may pack several, as in `1:2.5:3`.
"""

import re
from math import inf

LARGEST = 1e100
_NUMBER = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
_DECIMAL_CHARACTERS = b"0123456789.+-eE:"


def parse_number(text: bytes) -> float | None:
    """Return a decimal of at most 1e100, or None if it is anything else."""
    number = float(text) if _NUMBER.match(text) else inf
    return number if abs(number) <= LARGEST else None


def parse_numbers(texts: list[bytes], least: float = -inf) -> tuple[list[float], list[bytes]]:
    """Return the numbers in `texts`, and the texts in which one is none or under `least`."""
    packed = b":".join(texts)
    if texts and not packed.translate(None, _DECIMAL_CHARACTERS):
        try:
            numbers = list(map(float, _unpacked(texts, packed)))
        except ValueError:
            return _parse_each(texts, least)
        if max(least, -LARGEST) <= min(numbers) and max(numbers) <= LARGEST:
            return numbers, []
    return _parse_each(texts, least)


def _unpacked(texts: list[bytes], packed: bytes) -> list[bytes]:
    return texts if packed.count(b":") == len(texts) - 1 else packed.split(b":")


def _parse_each(texts: list[bytes], least: float) -> tuple[list[float], list[bytes]]:
    numbers: list[float] = []
    refused: list[bytes] = []
    for text in texts:
        parts = [number for one in text.split(b":") if (number := parse_number(one)) is not None]
        if len(parts) <= text.count(b":") or min(parts) < least:
            refused.append(text)
        else:
            numbers += parts
    return numbers, refused
