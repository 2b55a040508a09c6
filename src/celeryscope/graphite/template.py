"""Fills the variables of `template(a.$host.b, host="web1")`: a target with holes, and what goes in.

An argument without a name is `$1`, `$2` and so on. What the request gives (`template[host]=web2`)
comes before what the target gives.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.target import Call, Expression, Literal, Path, Target

NAME = "template"

_MAX_PATH = 4000
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)\Z", re.ASCII)


def filled(call: Call, given: Mapping[str, str]) -> Target:
    """Return the target within a call of `template`, its variables filled in.

    Raises:
        ArgumentError: There is none, a value is itself a target, or a path grows too long.
    """
    target, *values = call.arguments or (None,)
    if target is None or isinstance(target, Literal):
        raise ArgumentError("template needs a path or a function", call.at)
    numbered = {str(place): value for place, value in enumerate(values, 1)}
    named = {name: _text(value) for name, value in (numbered | dict(call.keywords)).items()}
    return _within(target, named | dict(given))


def _text(value: Expression) -> str:
    if not isinstance(value, Literal):
        raise ArgumentError("template: a value is a target; allowed is text or a number", value.at)
    return str(value.value)


def _within(target: Target, values: Mapping[str, str]) -> Target:
    if isinstance(target, Path):
        return replace(target, text=_replaced(target, values))
    return replace(
        target,
        arguments=tuple(_argument(one, values) for one in target.arguments),
        keywords=tuple((name, _argument(one, values)) for name, one in target.keywords),
    )


def _argument(argument: Expression, values: Mapping[str, str]) -> Expression:
    """Fill an argument; one that is nothing but a variable becomes a number or a text."""
    if isinstance(argument, Literal):
        return argument
    variable = str(argument)[1:] if str(argument).startswith("$") else ""
    if variable not in values:
        return _within(argument, values)
    value = values[variable]
    return Literal(value if _NUMBER.match(value) else f'"{_escaped(value)}"', argument.at)


def _escaped(value: str) -> str:
    return value.replace('"', '\\"')


def _replaced(path: Path, values: Mapping[str, str]) -> str:
    if not values:
        return path.text
    # Of two names that begin alike the longer is meant.
    names = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
    text = re.sub(rf"\$({names})", lambda found: values[found[1]], path.text)
    if len(text) > _MAX_PATH:
        raise ArgumentError(f"template: a path grows longer than {_MAX_PATH} characters", path.at)
    return text
