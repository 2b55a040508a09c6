from collections.abc import Callable

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from celeryscope.graphite.errors import TargetError
from celeryscope.graphite.target import (
    MAX_DEPTH,
    Call,
    Expression,
    Literal,
    Path,
    Target,
    first_path,
    parse,
)

NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
NODE = st.from_regex(
    r"(?:[a-z0-9_*?\[\]:#$&~@;<>-]|\\[(){},.'\"\\|=]|\{[a-z*]{1,3}(?:,[a-z]{1,3}){0,2}\}){1,6}",
    fullmatch=True,
)


def is_path(text: str) -> bool:
    return text.lower() not in {"true", "false", "none", "inf"} and not text[0].isdigit()


PATH = st.lists(NODE, min_size=1, max_size=4).map(".".join).filter(is_path).map(Path)
NUMBER = st.from_regex(r"-?[0-9]{1,4}(?:\.[0-9]{1,3})?(?:e-?[0-9]{1,2})?", fullmatch=True)
TEXT = st.one_of(
    st.from_regex(r'"(?:[^"\\]|\\.)*"', fullmatch=True),
    st.from_regex(r"'(?:[^'\\]|\\.)*'", fullmatch=True),
)
LITERAL = st.one_of(NUMBER, TEXT, st.sampled_from(["true", "False", "none", "inf"])).map(Literal)


def refused(text: str) -> TargetError | None:
    try:
        parse(text)
    except TargetError as error:
        return error
    return None


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Call]:
    arguments = st.lists(inner, max_size=3).map(tuple)
    keywords = st.dictionaries(NAME, inner, max_size=2).map(lambda k: tuple(k.items()))
    return st.builds(Call, NAME, arguments, keywords)


EXPRESSION: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(PATH, LITERAL), calls, max_leaves=12
)
TARGET: st.SearchStrategy[Target] = st.one_of(PATH, calls(EXPRESSION))


@given(TARGET)
def test_what_is_printed_parses_to_the_same(target: Target) -> None:
    assert parse(str(target)) == target


@given(st.text(st.sampled_from("ab1.*{},()|'\"\\= $[]"), max_size=30))
def test_what_parses_is_printed_as_what_parses_to_the_same(text: str) -> None:
    try:
        target = parse(text)
    except TargetError:
        event("refused")
    else:
        assert parse(str(target)) == target


@given(TARGET, NAME)
def test_a_pipe_is_a_first_argument(target: Target, name: str) -> None:
    assert parse(f"{target} | {name}(1)") == Call(name, (target, Literal("1")))


@given(st.text())
def test_any_text_is_a_target_or_an_error_with_a_position_in_it(text: str) -> None:
    error = refused(text)
    assert error is None or 0 <= error.at <= len(text)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a.b-c.d_e",
        "a.*.b?",
        "a.**",
        "a.{b,c}.d{e,f*}g",
        "a.[a-z]x",
        "10",
        "1.5",
        "a=b",
        r"a\(b",
    ],
)
def test_paths_are_kept_as_they_are_written(path: str) -> None:
    assert parse(path) == Path(path)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("10", 10),
        ("-3", -3),
        ("+3", 3),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e9", 1e9),
        ("-1.5E-3", -0.0015),
        ("9" * 400, float("inf")),
        ("true", True),
        ("False", False),
        ("None", None),
        ("inf", float("inf")),
        ('"a b"', "a b"),
        ("'a,b)'", "a,b)"),
        (r'"\1 A"', r"\1 A"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"it\'s"', r"it\'s"),
        ('""', ""),
    ],
)
def test_literals_have_their_value(source: str, value: object) -> None:
    call = parse(f"f( {source} , k={source})")
    assert isinstance(call, Call)
    (argument,), ((_, keyword),) = call.arguments, call.keywords
    assert isinstance(argument, Literal)
    assert argument == keyword
    assert argument.value == value
    assert type(argument.value) is type(value)


@pytest.mark.parametrize("text", ["f(1.5.c)", "f(10x)", "f(truex)", "f(1e)", "f(-)", "f(none.a)"])
def test_what_only_begins_like_a_literal_is_a_path(text: str) -> None:
    assert parse(text) == Call("f", (Path(text[2:-1]),))


def test_white_space_between_parts_means_nothing() -> None:
    assert parse(" f ( a , 'x' , k = 1 ) | g ( ) ") == parse("g(f(a,'x',k=1))")


def test_expressions_know_where_they_stand() -> None:
    call = parse(" f(a.b, g(1))")
    assert isinstance(call, Call)
    assert [call.at, *(argument.at for argument in call.arguments)] == [1, 3, 8]


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("", 0, "expected a path or a function"),
        ("sumSeries(a.b", 13, "expected ',' or ')'"),
        ("f(", 2, "expected a path or a function"),
        ("f(a,,b)", 4, "expected a path or a function"),
        ("f(a b)", 3, "expected ',' or ')'"),
        ("f(a))", 4, "expected '|' or the end"),
        ("a b", 1, "expected '|' or the end"),
        ("a..b", 2, "expected a path's next node"),
        ("a.b.", 4, "expected a path's next node"),
        ("f(a{b)", 3, "expected ',' or ')'"),
        ('f(a,"x)', 4, "the text's quote is not closed"),
        ("a|b", 2, "expected a function after '|'"),
        ("a|", 2, "expected a function after '|'"),
        ("f(k=1,a)", 6, "an argument without a keyword follows one with a keyword"),
        ("f(k=1,k=2)", 8, "keyword 'k' is given twice"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, at: int, why: str) -> None:
    with pytest.raises(TargetError) as raised:
        parse(text)
    assert str(raised.value) == f"target {text!r} is wrong at character {at}: {why}"
    assert raised.value.at == at


def _nested(depth: int) -> str:
    return "f(" * depth + "a" + ")" * depth


def _piped(depth: int) -> str:
    return "a" + "|f()" * depth


@pytest.mark.parametrize("deep", [_nested, _piped])
def test_depth_is_bounded(deep: Callable[[int], str]) -> None:
    parse(deep(MAX_DEPTH - 1))
    for depth in (MAX_DEPTH, 100_000):
        with pytest.raises(TargetError, match=f"more than {MAX_DEPTH} calls"):
            parse(deep(depth))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sumSeries(scale(a.*.b,2))", "a.*.b"),
        ("asPercent(a.b,c.d)", "a.b"),
        ("constantLine(5)", "constantLine(5)"),
        ("what (is this", "what (is this"),
    ],
)
def test_the_first_path_of_a_name_is_found(name: str, path: str) -> None:
    assert first_path(name) == path
