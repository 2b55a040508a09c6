"""Regular expressions that come with a request: bounded in time and in what they make.

Without the limit, and with the interpreter's lock held, one could stop the server.
"""

import re
from collections.abc import Callable, Sequence
from math import prod
from typing import TypeVar

import regex

from celeryscope.graphite.errors import ArgumentError, shown
from celeryscope.store.stop import Stop

MAX_NAME = 4000
_PATIENCE_SECONDS = 0.5
_MAX_LENGTH = 100_000
_MAX_EXPANDED = 1_000_000
_LEAST_REPEATS = re.compile(r"\{\s*([0-9]+)")
_VERBOSE = re.compile(r"\(\?[a-zA-Z0-9]*x")
"""Turns comments on, in which anything can hide."""

T = TypeVar("T")


def compiled(text: str) -> "regex.Pattern[str]":
    """Compile an expression, which writes `a{9}` out as nine, in groups nine times all within.

    Raises:
        regex.error: It is none, or far too long once that is written out.
    """
    if len(text) > _MAX_LENGTH:  # a megabyte takes seconds
        raise regex.error(f"it is longer than {_MAX_LENGTH:,} characters")
    if _VERBOSE.search(text):
        raise regex.error("it must not be verbose")
    repeats = (min(int(one), _MAX_EXPANDED) for one in _LEAST_REPEATS.findall(text))
    if len(text) * prod(max(one, 1) for one in repeats) > _MAX_EXPANDED:
        raise regex.error("its repetitions are too many")
    return regex.compile(text)


def substituted(
    function: str, search: str, replace: str, names: list[str], stop: Stop
) -> list[str]:
    r"""Replace what an expression finds in each name; `\1` stands for its first group.

    Raises:
        ArgumentError: It is no expression, takes too long or makes too long a name.
    """

    def replaced(pattern: "regex.Pattern[str]", name: str) -> str:
        return pattern.sub(replace, name, timeout=_PATIENCE_SECONDS, concurrent=True)

    made = _tried(function, search, f" with replace {shown(replace)}", names, replaced, stop)
    return [bounded(function, name) for name in made]


def found(function: str, pattern: str, names: list[str], stop: Stop) -> list[bool]:
    """Tell of each name whether an expression finds anything in it.

    Raises:
        ArgumentError: It is no expression, or takes too long.
    """

    def matches(expression: "regex.Pattern[str]", name: str) -> bool:
        return expression.search(name, timeout=_PATIENCE_SECONDS, concurrent=True) is not None

    return _tried(function, pattern, "", names, matches, stop)


def bounded(function: str, name: str) -> str:
    """Return a name that a request made up.

    Raises:
        ArgumentError: It is too long.
    """
    if len(name) > MAX_NAME:
        raise ArgumentError(f"{function}: a name would grow longer than {MAX_NAME} characters")
    return name


def _tried(
    function: str,
    search: str,
    others: str,
    names: Sequence[str],
    use: Callable[["regex.Pattern[str]", str], T],
    stop: Stop,
) -> list[T]:
    results = []
    try:
        pattern = compiled(search)
        for name in names:
            stop.check()
            results.append(use(pattern, name))
    except TimeoutError:
        raise ArgumentError(
            f"{function}: search {shown(search)} takes longer than {_PATIENCE_SECONDS} s; "
            "allowed is a regular expression without nested repetitions"
        ) from None
    except (regex.error, IndexError, OverflowError, RecursionError) as error:
        raise ArgumentError(
            f"{function}: search {shown(search)}{others} is wrong ({error}); "
            "allowed is a regular expression and a replacement with its groups"
        ) from None
    return results
