"""Regular expressions of clients, which must not take the memory as they are compiled."""

import pytest
import regex

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.patterns import compiled, found
from celeryscope.graphite.tagtests import TagExpressionError, ValuePattern

HUGE = [
    "a{1000000000}",
    "a{99999999999999999999}",
    "(?:ab){100000000}",
    "(?:(?:(?:a{1000}){1000}){1000})",
    "a{ 100000000 }",
    "a{100000000,}",
    "[a-z]" * 20_001,
    "(?x)a{#\n100000000}",
    "(?i)(?sx:a{#\n100000000})",
]


@pytest.mark.parametrize("text", HUGE)
def test_expressions_that_grow_too_long_are_refused_before(text: str) -> None:
    with pytest.raises(regex.error):
        compiled(text)
    with pytest.raises(ArgumentError, match=r"search .* is wrong"):
        found("grep", text, ["a"], Budget())
    with pytest.raises(TagExpressionError, match="allowed is a regular expression"):
        ValuePattern("filter", text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "0b6b9c52-3ad5-4b9e-8ad0-8f6e2f3a1c77"),
        (r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}:[0-9]{2}", "2026-11-22T21:30"),
        (r"(?P<x>a{0}b{,3}){2,1000000}\{5", "bbb{5"),
        ("|".join(f"host{i}" for i in range(10_000)), "host9999"),
    ],
)
def test_expressions_that_people_write_are_compiled(text: str, name: str) -> None:
    assert compiled(text).fullmatch(name)
