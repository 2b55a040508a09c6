r"""The target language: paths, literals and calls, from text and back.

    target   = (path | call) { "|" call }
    call     = name "(" [ argument { "," argument } ] ")"
    argument = [ name "=" ] ( text | number | boolean | none | inf | target )
    path     = node { "." node }        node = { character | "{" choices "}" | "\" symbol }

A word is a literal only where a call's argument ends after it: `10` is a number in `scale(a, 10)`
and a path on its own. Text keeps its backslashes, so regular expressions need no doubling; only
a quote is freed of the one before it. `a|f(x)` is `f(a,x)`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from celeryscope.graphite.errors import TargetError

MAX_DEPTH = 64

_CHARACTERS = r"""(?:[^\s(){},.'"\\|]|\\[(){},.'"\\|=])+"""
_NODE = rf"(?:{_CHARACTERS}|\{{{_CHARACTERS}(?:,{_CHARACTERS})*\}})+"
_PATH = re.compile(rf"\s*({_NODE}(?:\.{_NODE})*)")
_CALL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*\(")
_KEYWORD = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=")
_TEXT = re.compile(r"""\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_WORD = re.compile(rf"\s*({_NUMBER}|true|false|none|inf)(?=\s*(?:[,)]|\Z))", re.IGNORECASE)
_QUOTE = re.compile(r"\s*(?=[\"'])")
_PIPE, _COMMA, _CLOSE = re.compile(r"\s*\|"), re.compile(r"\s*,"), re.compile(r"\s*\)")
_END = re.compile(r"\s*\Z")
_WORDS = {"true": True, "false": False, "none": None, "inf": float("inf")}
_MAX_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Path:
    """A path expression as it was written: globs and escapes included."""

    text: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, boolean or none, as it was written."""

    source: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.source

    @property
    def value(self) -> str | int | float | bool | None:
        if self.source[0] in "\"'":
            return self.source[1:-1].replace(f"\\{self.source[0]}", self.source[0])
        if self.source.lower() in _WORDS:
            return _WORDS[self.source.lower()]
        digits = self.source.lstrip("+-")
        whole = digits.isdigit() and len(digits) <= _MAX_DIGITS
        return int(self.source) if whole else float(self.source)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments in order, then those given by keyword."""

    function: str
    arguments: tuple["Expression", ...] = ()
    keywords: tuple[tuple[str, "Expression"], ...] = ()
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        keywords = (f"{name}={value}" for name, value in self.keywords)
        return f"{self.function}({','.join([*map(str, self.arguments), *keywords])})"


Target = Path | Call
Expression = Path | Call | Literal


def parse(text: str) -> Target:
    """Read one target.

    Raises:
        TargetError: It is not one; says where and what was expected there.
    """
    return _Parser(text).whole()


def first_path(name: str) -> str:
    """Return the first path in a series' name, which may itself be a target."""
    try:
        return next(_paths(parse(name)), name)
    except TargetError:
        return name


def _paths(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Path):
        yield expression.text
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from _paths(argument)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Target:
        target = self._target()
        if not self._take(_END):
            raise self._expected("'|' or the end")
        return target

    def _target(self) -> Target:
        self._descend()
        target: Target = self._call() or self._path()
        while self._take(_PIPE):
            target = self._piped(target)
        self._depth -= 1
        return target

    def _piped(self, first: Target) -> Call:
        self._descend()  # for good: every pipe makes the tree deeper
        call = self._call()
        if call is None:
            raise self._expected("a function after '|'")
        return Call(call.function, (first, *call.arguments), call.keywords, call.at)

    def _call(self) -> Call | None:
        name = self._take(_CALL)
        if name is None:
            return None
        arguments: list[Expression] = []
        keywords: dict[str, Expression] = {}
        if not self._take(_CLOSE):
            self._argument(arguments, keywords)
            while self._take(_COMMA):
                self._argument(arguments, keywords)
            if not self._take(_CLOSE):
                raise self._expected("',' or ')'")
        return Call(name[1], tuple(arguments), tuple(keywords.items()), name.start(1))

    def _argument(self, arguments: list[Expression], keywords: dict[str, Expression]) -> None:
        keyword = self._take(_KEYWORD)
        if keyword and keyword[1] in keywords:
            raise self._wrong(f"keyword {keyword[1]!r} is given twice")
        if keyword:
            keywords[keyword[1]] = self._value()
        elif keywords:
            raise self._wrong("an argument without a keyword follows one with a keyword")
        else:
            arguments.append(self._value())

    def _value(self) -> Expression:
        literal = self._take(_TEXT) or self._take(_WORD)
        if literal:
            return Literal(literal[1], literal.start(1))
        if self._take(_QUOTE):
            raise self._wrong("the text's quote is not closed")
        return self._target()

    def _path(self) -> Path:
        path = self._take(_PATH)
        if path is None:
            raise self._expected("a path or a function")
        if self._text.startswith(".", self._at):
            self._at += 1
            raise self._expected("a path's next node")
        return Path(path[1], path.start(1))

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong(f"more than {MAX_DEPTH} calls are nested or piped")

    def _take(self, token: re.Pattern[str]) -> re.Match[str] | None:
        match = token.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match

    def _expected(self, what: str) -> TargetError:
        return self._wrong(f"expected {what}")

    def _wrong(self, why: str) -> TargetError:
        return TargetError(self._text, self._at, why)
