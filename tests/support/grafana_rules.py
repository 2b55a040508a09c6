"""What Grafana makes of a provisioned rule: queries, reductions and a condition, in small.

As in Grafana's server: each target is asked for by itself in Unix seconds; a series is known by its
tags, of which `name` is its target; of a reduction each series becomes a number; a condition puts
those numbers together whose labels are equal, or hold those of the other. What is not zero fires.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.asgi import Client

Rule = Mapping[str, Any]
Labels = frozenset[tuple[str, str]]
Numbers = list[tuple[Labels, float]]
"""A number for each series; none at all is no data."""

EXPRESSIONS = "__expr__"
_NONE: Labels = frozenset()
_OPERATORS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.And: lambda one, other: one != 0 and other != 0,
    ast.Or: lambda one, other: one != 0 or other != 0,
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Grafana:
    """Evaluates the rules of one group against one Graphite."""

    def __init__(self, graphite: Client, interval: str) -> None:
        self._graphite = graphite
        self._interval = seconds(interval)

    def firing(self, rule: Rule, now: int) -> set[str]:
        """Return the `name` of each series for which a rule has fired for as long as it asks."""
        firing = self._true(rule, now)
        for before in range(self._interval, seconds(rule["for"]) + 1, self._interval):
            firing &= self._true(rule, now - before) if firing else firing
        return firing

    def _true(self, rule: Rule, now: int) -> set[str]:
        found: dict[str, Any] = {}
        for step in rule["data"]:
            found[step["refId"]] = self._step(step, found, now)
        numbers: Numbers = found[rule["condition"]]
        if not numbers and rule["noDataState"] == "Alerting":
            return {""}
        return {dict(labels).get("name", "") for labels, value in numbers if value}

    def _step(self, step: Rule, found: Mapping[str, Any], now: int) -> object:
        model = step["model"]
        if step["datasourceUid"] != EXPRESSIONS:
            return self._series(step, now)
        if model["type"] == "reduce":
            return _reduced(found[model["expression"]], model)
        return _calculated(model["expression"], found)

    def _series(self, step: Rule, now: int) -> list[tuple[Labels, list[float | None]]]:
        answer = self._graphite.post(
            "/render",
            {
                "target": step["model"]["target"],
                "from": str(now - step["relativeTimeRange"]["from"]),
                "until": str(now - step["relativeTimeRange"]["to"]),
                "format": "json",
                "maxDataPoints": str(step["model"]["maxDataPoints"]),
            },
        )
        assert answer.is_success, answer.text
        return [
            (_labels(series), [value for value, _ in series["datapoints"]])
            for series in answer.json()
        ]


def seconds(text: str) -> int:
    """Return what a time such as `5m` is in seconds."""
    return int(text[:-1]) * _SECONDS[text[-1]]


def _labels(series: Mapping[str, Any]) -> Labels:
    return frozenset({**series["tags"], "name": series["target"]}.items())


def _reduced(series: list[tuple[Labels, list[float | None]]], model: Rule) -> Numbers:
    assert model["reducer"] == "last"
    assert model["settings"]["mode"] == "replaceNN"
    missing = float(model["settings"]["replaceWithValue"])
    return [
        (labels, missing if (last := values[-1]) is None else last) for labels, values in series
    ]


def _calculated(expression: str, found: Mapping[str, Numbers]) -> Numbers:
    text = expression.replace("$", "").replace("&&", " and ").replace("||", " or ")
    return _value(ast.parse(text, mode="eval").body, found)


def _value(node: ast.expr, found: Mapping[str, Numbers]) -> Numbers:
    match node:
        case ast.Constant(float() | int() as number):
            return [(_NONE, number)]
        case ast.Name(name):
            return found[name]
        case ast.UnaryOp(ast.USub(), operand):
            return [(labels, -value) for labels, value in _value(operand, found)]
        case ast.BinOp(left, operation, right) | ast.Compare(left, [operation], [right]):
            return _joined(operation, _value(left, found), _value(right, found))
        case ast.BoolOp(operation, [first, *others]):
            result = _value(first, found)
            for other in others:
                result = _joined(operation, result, _value(other, found))
            return result
    raise AssertionError(ast.dump(node))


def _joined(operation: ast.AST, left: Numbers, right: Numbers) -> Numbers:
    calculate = _OPERATORS[type(operation)]
    pairs = [
        (max(one, other, key=len), a, b)
        for one, a in left
        for other, b in right
        if one <= other or other <= one
    ]
    if not pairs and len(left) == len(right) == 1:
        pairs = [(_NONE, left[0][1], right[0][1])]
    return [(labels, _number(calculate, a, b)) for labels, a, b in pairs]


def _number(calculate: Callable[[float, float], float], a: float, b: float) -> float:
    return math.nan if math.isnan(a) or math.isnan(b) else float(calculate(a, b))


def rules(provisioning: Mapping[str, Any]) -> Sequence[tuple[str, Rule]]:
    """Return each rule of a file, with the interval of its group."""
    return [
        (group["interval"], rule) for group in provisioning["groups"] for rule in group["rules"]
    ]
