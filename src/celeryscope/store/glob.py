"""Globs over path nodes: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}` within a node, `**` across nodes.

What does not close stands for itself. Stars match as little as they can and never reconsider, so
that no pattern takes more than quadratic time.
"""

import re
from collections.abc import Callable
from functools import lru_cache

ANY_DEPTH = "**"
MAX_CHOICES = 4096
"""The globs without braces that one with braces may stand for; more are not looked for."""

_SPECIAL = re.compile(r"[*?\[{]")
_BRACES = re.compile(r"\{([^{}]*)\}")
_STARS = re.compile(r"\*+")
_PART = re.compile(r"\?|\[(?:![^\]]|[^!\]])[^\]]*\]|.", re.DOTALL)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)

Matcher = Callable[[str], bool]


def is_literal(glob: str) -> bool:
    return _SPECIAL.search(glob) is None


@lru_cache(maxsize=1024)
def matcher(glob: str) -> Matcher:
    """Return a predicate that tells whether a node matches `glob` as a whole."""
    globs = without_braces(glob)
    if all(map(is_literal, globs)):
        return frozenset(globs).__contains__
    pattern = re.compile("|".join(map(_translate, globs)), re.DOTALL)
    return lambda node: pattern.match(node) is not None


def without_braces(glob: str) -> list[str]:
    """Return the globs that braces stand for, as many of them as one pattern may hold."""
    waiting = [glob]
    globs: list[str] = []
    while waiting and len(globs) < MAX_CHOICES:
        one = waiting.pop()
        if braces := _BRACES.search(one):
            before, after = one[: braces.start()], one[braces.end() :]
            waiting += [before + choice + after for choice in reversed(braces[1].split(","))]
        else:
            globs.append(one)
    return globs


def _translate(glob: str) -> str:
    first, *rest = ("".join(map(_escape, _PART.findall(chunk))) for chunk in _STARS.split(glob))
    if not rest:
        return rf"{first}\Z"
    *middle, last = rest
    return first + "".join(f"(?>.*?{part})" for part in middle) + rf".*{last}\Z"


def _escape(part: str) -> str:
    if part == "?":
        return "."
    if len(part) == 1:
        return re.escape(part)
    negated = part[1] == "!"
    inside = "".join(_in_class(*found) for found in _RANGE.findall(part[1 + negated : -1]))
    return f"[{'^' * negated}{inside}]"


def _in_class(low: str, high: str, single: str) -> str:
    if low <= high:
        return re.escape(single) or f"{re.escape(low)}-{re.escape(high)}"
    return re.escape(f"{low}-{high}")
