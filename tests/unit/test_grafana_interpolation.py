"""What tests take for Grafana's way with variables is what its code does."""

import json
from collections.abc import Sequence

import pytest

from celeryscope.grafana.model import Edition
from support.grafana import ALL, Board, Chosen, Span, in_browser, in_server, options
from support.grafana_sources import every, last, two

HOUR = Span(1_700_000_000, 1_700_003_600, points=60, scrape=15)
FOUND = ["b.x", "a.y", "a.z", "a.y"]


def board(edition: Edition, **settings: object) -> Board:
    """Return a dashboard of one variable, `v`, and one target that is the variable alone."""
    variable = {
        "name": "v",
        "type": "query",
        "query": "find",
        "multi": True,
        "includeAll": True,
        "allValue": "*",
        **settings,
    }
    dashboard = {"uid": "one", "templating": {"list": [variable]}, "panels": []}
    return Board(edition, json.dumps(dashboard))


@pytest.mark.parametrize(
    ("value", "written"),
    [("a", "x.a.y"), (["a"], "x.a.y"), (["a", "b-c"], "x.{a,b-c}.y"), (ALL, "x.*.y")],
)
def test_graphite_gets_globs(value: Chosen, written: str) -> None:
    for text in ("x.$v.y", "x.${v}.y"):
        assert board(Edition.GRAPHITE).interpolated(text, {"v": value}) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a.b", r'm{l=~"a\\.b"}'),
        (["a.b"], r'm{l=~"a\\.b"}'),
        (["a+b", "c|d"], r'm{l=~"(a\\+b|c\\|d)"}'),
        (ALL, 'm{l=~"*"}'),
    ],
)
def test_prometheus_gets_quoted_expressions(value: Chosen, written: str) -> None:
    assert board(Edition.PROMETHEUS).interpolated('m{l=~"$v"}', {"v": value}) == written


def test_a_value_that_is_alone_is_no_expression() -> None:
    alone = board(Edition.PROMETHEUS, multi=False, includeAll=False)
    assert alone.interpolated('m{l="$v"}', {"v": 'a.b\\"'}) == r'm{l="a.b\\\""}'


def test_windows_come_from_the_range_and_the_scrapes() -> None:
    text = "$__interval $__interval_ms $__rate_interval ${__range} $__range_s"
    assert board(Edition.PROMETHEUS).interpolated(text, {}, HOUR) == "60s 60000 75s 3600s 3600"


def test_what_is_no_variable_stays() -> None:
    assert board(Edition.GRAPHITE).interpolated("(^.*$) $w", {"v": "a"}) == "(^.*$) $w"


@pytest.mark.parametrize(
    ("pattern", "offered"),
    [
        ("", [("a.y", "a.y"), ("a.z", "a.z"), ("b.x", "b.x")]),
        ("/^a/", [("a.y", "a.y"), ("a.z", "a.z")]),
        (r"/\.(.)$/", [("x", "x"), ("y", "y"), ("z", "z")]),
        (r"/^(?<value>(?<text>.)\.)/", [("a", "a."), ("b", "b.")]),
    ],
)
def test_options_are_what_the_expression_finds(
    pattern: str, offered: list[tuple[str, str]]
) -> None:
    found = options({"regex": pattern}, FOUND)
    assert [(one.text, one.value) for one in found] == offered


@pytest.mark.parametrize(
    ("choose", "chosen"), [(every, ALL), (two, ["a.y", "a.z"]), (last, ["b.x"])]
)
def test_a_reader_chooses_of_what_there_is(choose: object, chosen: Chosen) -> None:
    asked: list[str] = []

    def ask(query: str) -> Sequence[str]:
        asked.append(query)
        return FOUND

    assert callable(choose)
    assert board(Edition.GRAPHITE).choices(ask, choose) == {"v": chosen}
    assert asked == ["find"]


def test_the_browser_marks_series_and_the_server_writes_minutes_out() -> None:
    assert in_browser("a.b", "C") == r'aliasSub(a.b, "(^.*$)", "\1 C")'
    assert in_server("summarize(a, '5m', \"sum\")") == "summarize(a, '5min', \"sum\")"
    assert in_server('movingAverage(a, "1M")') == 'movingAverage(a, "1mon")'
