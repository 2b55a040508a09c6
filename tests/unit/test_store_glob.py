import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.store.glob import is_literal, matcher

NODES = ("charge", "charge2", "change", "refund", "a-b", "x+y", "c", "")

# Mostly the characters that mean something, so that odd nestings are common.
globs = st.text(st.sampled_from("*?[]{}!,-ab^\\|&~. "), max_size=14)
words = st.text(st.characters(exclude_characters="*?[{"), max_size=12)


@pytest.mark.parametrize(
    ("glob", "matching"),
    [
        ("*", NODES),
        ("charge", ("charge",)),
        ("charge*", ("charge", "charge2")),
        ("*ge", ("charge", "change")),
        ("*ha*ge*", ("charge", "charge2", "change")),
        ("*c*", ("charge", "charge2", "change", "c")),
        ("cha?ge", ("charge", "change")),
        ("?", ("c",)),
        ("cha[rn]ge", ("charge", "change")),
        ("cha[a-n]ge", ("change",)),
        ("cha[!n]ge", ("charge",)),
        ("cha[!a-n]ge", ("charge",)),
        ("{charge,refund}", ("charge", "refund")),
        ("{cha*,x+y}", ("charge", "charge2", "change", "x+y")),
        ("{ref,ch}*[de]", ("charge", "change", "refund")),
        ("cha{r,n}ge", ("charge", "change")),
        ("{charge,refund", ()),
        ("charge{,2}", ("charge", "charge2")),
        ("{a-b,{c,{refund}}}", ("refund", "a-b", "c")),
        ("c**e", ("charge", "change")),
        ("a-b", ("a-b",)),
        ("x+y", ("x+y",)),
        ("x.y", ()),
        ("", ("",)),
        ("{}", ("",)),
    ],
)
def test_a_glob_matches_whole_nodes(glob: str, matching: tuple[str, ...]) -> None:
    assert {node for node in NODES if matcher(glob)(node)} == set(matching)


@pytest.mark.parametrize(
    ("glob", "node"),
    [
        ("[", "["),
        ("[]", "[]"),
        ("[!]", "[!]"),
        ("a[b", "a[b"),
        ("a]", "a]"),
        ("{a,b", "{a,b"),
        ("a,b}", "a,b}"),
        ("}{", "}{"),
    ],
)
def test_brackets_that_do_not_close_stand_for_themselves(glob: str, node: str) -> None:
    assert matcher(glob)(node)
    assert not matcher(glob)("a")


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("[a-]", "a-", "b!"),
        ("[-a]", "a-", "b!"),
        ("[z-a]", "z-a", "m"),
        ("[^a]", "^a", "b"),
        ("[!^]", "a-", "^"),
        ("[!!]", "a-", "!"),
        ("[a!]", "a!", "b"),
        ("[\\d]", "\\d", "5"),
        ("[a--b]", "ab", "c"),
        ("[&&~~||]", "&~|", "a"),
        ("[[a]", "[a", "b"),
    ],
)
def test_odd_characters_in_a_class_are_just_characters(
    glob: str, inside: str, outside: str
) -> None:
    assert all(map(matcher(glob), inside))
    assert not any(map(matcher(glob), outside))


@given(globs, st.text(max_size=8))
@example("[!]", "a")
@example("[a--b]", "a")
@example("{" * 50, "a")
@example("{a}" * 500, "a" * 500)
def test_no_glob_raises(glob: str, node: str) -> None:
    assert matcher(glob)(node) in (True, False)


@given(words)
def test_what_is_literal_matches_itself_and_nothing_else(word: str) -> None:
    assert is_literal(word)
    assert matcher(word)(word)
    assert not matcher(word)(word + "x")


@given(st.lists(st.sampled_from(["a", "b", "?", "*"]), max_size=8), st.text("ab", max_size=10))
def test_stars_match_as_a_backtracking_expression_would(parts: list[str], node: str) -> None:
    expression = "".join({"?": ".", "*": ".*"}.get(part, part) for part in parts)
    assert matcher("".join(parts))(node) == bool(re.fullmatch(expression, node))


@pytest.mark.parametrize("glob", ["*a" * 30 + "b", "{*a,*aa}" * 7 + "b", "{a,b}" * 40])
def test_hostile_globs_end_soon(glob: str) -> None:
    began = time.monotonic()
    assert not matcher(glob)("a" * 200)
    assert time.monotonic() - began < 10
