"""Globs over path nodes: `*`, `?`, `[a-z]`, `{a,b}` within a node, `**` across nodes."""

import re
from collections.abc import Callable
from functools import lru_cache

ANY_DEPTH = "**"
_SPECIAL = re.compile(r"[*?\[{]")
_TOKEN = re.compile(r"\*+|\?|\[!?[^\]]+\]|\{[^{}]*\}|.", re.DOTALL)

Matcher = Callable[[str], bool]


def is_literal(glob: str) -> bool:
    return _SPECIAL.search(glob) is None


@lru_cache(maxsize=1024)
def matcher(glob: str) -> Matcher:
    """Return a predicate that tells whether a node matches `glob` as a whole."""
    pattern = re.compile("".join(map(_translate, _TOKEN.findall(glob))) + r"\Z", re.DOTALL)
    return lambda node: pattern.match(node) is not None


def _translate(part: str) -> str:
    if part[0] == "*":
        return ".*"
    if part == "?":
        return "."
    if len(part) > 1 and part[0] == "[":
        negated, inside = part[1] == "!", part[1:-1].lstrip("!")
        return f"[{'^' * negated}{_escape_class(inside)}]"
    if len(part) > 1 and part[0] == "{":
        choices = (_TOKEN.findall(choice) for choice in part[1:-1].split(","))
        return f"(?:{'|'.join(''.join(map(_translate, choice)) for choice in choices)})"
    return re.escape(part)


def _escape_class(inside: str) -> str:
    escaped = re.sub(r"([\\\]\[^&~|])", r"\\\1", inside)
    try:
        re.compile(f"[{escaped}]")
    except re.error:
        return re.escape(inside)
    return escaped
