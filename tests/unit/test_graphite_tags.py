import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.graphite import tagtests
from celeryscope.graphite.budget import Budget, LimitError, Limits
from celeryscope.graphite.routes import routes
from celeryscope.graphite.tagtests import TagExpressionError, parse, parse_all
from celeryscope.namespace import Naming
from celeryscope.sketch import Distribution
from celeryscope.store.protocol import Points
from support.asgi import Client, Fields
from support.fake_store import FakeStore

RUNS = "stats.counters.runs.count"
SPAN = {"from": "0", "until": "10"}


def store() -> FakeStore:
    """Return one flush of StatsD series, most of them with tags, and points of plain ones."""
    made = FakeStore()
    made.write(
        Flush(
            start=0,
            seconds=10,
            counters={"runs": 1.0, "runs;host=a;queue=mail": 20.0, "runs;host=b.c;queue=pdf": 30.0},
            gauges={"size;host=a": 5.0},
            sets={"users;host=a": 4.0},
            timers={
                "time;host=a": Distribution.of([1.0] * 9),
                "time;host=b.c": Distribution.of([100.0]),
                "time": Distribution.of([2.0]),
            },
        )
    )
    names = ["disk.used;dc=1;host=a", "disk.used;dc=1;host=z", "disk.free"]
    made.write_points(Points(names, np.zeros(3, dtype=np.int64), np.array([1.0, 2.0, 3.0])))
    return made


CLIENT = Client(Starlette(routes=routes(store(), lambda: 10.0, (90.0,))))


def found(*expressions: str) -> list[str]:
    names: list[str] = CLIENT.get("/tags/findSeries", {"expr": expressions}).json()
    return names


def refusal(path: str, query: Fields) -> str:
    answer = CLIENT.get(path, query)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    return answer.text


def drawn(target: str) -> dict[str, float]:
    answer = CLIENT.get("/render", {"target": target, **SPAN})
    assert answer.status_code == httpx.codes.OK, answer.text
    return {one["target"]: one["datapoints"][0][0] for one in answer.json()}


@pytest.mark.parametrize(
    ("expressions", "names"),
    [
        ([f"name={RUNS}"], [RUNS, f"{RUNS};host=a;queue=mail", f"{RUNS};host=b.c;queue=pdf"]),
        ([f"name={RUNS}", "host=b.c"], [f"{RUNS};host=b.c;queue=pdf"]),
        ([f"name={RUNS}", "host="], [RUNS]),
        (["name=~stats.gauges", "host!="], ["stats.gauges.size;host=a"]),
        (["name=stats.sets.users.count"], ["stats.sets.users.count;host=a"]),
        (["name=~disk", "host!=a"], ["disk.free", "disk.used;dc=1;host=z"]),
        (["queue=mail", "name=~.*rate$"], ["stats.counters.runs.rate;host=a;queue=mail"]),
        (["name=disk.*"], []),
        (["name=stats.counters.runs"], []),
        (["name=runs"], []),
    ],
)
def test_leaves_are_found_with_the_tags_behind_their_statistic(
    expressions: list[str], names: list[str]
) -> None:
    assert found(*expressions) == names


def test_a_statistic_that_is_written_out_is_found_whatever_its_threshold() -> None:
    upper = "stats.timers.time.upper_99_9"
    assert found(f"name={upper}", "host=a") == [f"{upper};host=a"]
    assert found("name=~stats.timers.time.upper_", "host=a") == [
        "stats.timers.time.upper_90;host=a"
    ]
    assert drawn(f"seriesByTag('name={upper}','host=b.c')") == {
        f"{upper};host=b.c": pytest.approx(100, rel=0.01)
    }


def test_legacy_names_are_found_by_tags_too() -> None:
    asked = Client(Starlette(routes=routes(store(), lambda: 10.0, (90.0,), Naming(legacy=True))))
    names = asked.get("/tags/findSeries", {"expr": ["queue=mail"]}).json()
    assert names == ["stats.runs;host=a;queue=mail", "stats_counts.runs;host=a;queue=mail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"{RUNS};host=b.c;queue=pdf", 30),
        (f"{RUNS};queue=pdf;host=b.c", 30),
        ("disk.used;dc=1;host=a", 1),
        ("stats.gauges.size;host=a", 5),
    ],
)
def test_a_whole_name_with_tags_is_a_path(name: str, value: float) -> None:
    assert list(drawn(name).values()) == list(drawn(f"sumSeries({name})").values()) == [value]


@pytest.mark.parametrize(
    "path", [f"{RUNS};host=a", f"{RUNS};host=a;queue=pdf", "disk.*;dc=1;host=a", ";host=a"]
)
def test_nothing_but_all_of_a_name_with_tags_is_that_path(path: str) -> None:
    assert drawn(path) == {}


def test_globs_find_no_series_with_tags() -> None:
    asked = CLIENT.get("/metrics/find", {"query": "stats.counters.*"}).json()
    assert [one["text"] for one in asked] == ["runs"]
    assert drawn("stats.counters.*.count") == {RUNS: 1}
    assert not [one for one in CLIENT.get("/metrics/index.json").json() if ";" in one]
    assert CLIENT.get("/metrics/find", {"query": "stats.gauges.*"}).json() == []


def test_functions_know_the_tags_of_what_was_found() -> None:
    by_tag = f"seriesByTag('name={RUNS}', 'host!=')"
    assert drawn(f"{by_tag}|aliasByTags('queue', 'host')") == {"mail.a": 20, "pdf.b.c": 30}
    assert drawn(f"groupByTags({by_tag}, 'sum', 'queue')") == {
        f"{RUNS};queue=mail": 20,
        f"{RUNS};queue=pdf": 30,
    }
    assert drawn(f"sumSeries({by_tag})") == {f"sumSeries({by_tag.replace(', ', ',')})": 50}


def test_a_percentile_of_a_timer_is_of_all_its_tags() -> None:
    (value,) = drawn("mergedPercentile(stats.timers.time, 100)").values()
    assert value == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("seriesByTag()", "needs tagExpressions: text in quotes"),
        ("seriesByTag(host)", "tagExpressions is host; allowed is text in quotes"),
        ("seriesByTag('host')", "seriesByTag: tag expression 'host' is wrong; allowed is"),
        ("seriesByTag('host!=a')", "at least one has to ask for a value"),
        ("sumSeries(seriesByTag('host=~('))", "at character 10: seriesByTag: tag expression"),
    ],
)
def test_a_wrong_expression_in_a_target_is_said_with_its_place(target: str, why: str) -> None:
    assert why in refusal("/render", {"target": target, **SPAN})


@pytest.mark.parametrize(
    ("path", "query", "why"),
    [
        ("/tags/findSeries", {}, "expr is missing; allowed is a tag expression"),
        ("/tags/findSeries", {"expr": "a"}, "tag expression 'a' is wrong; allowed is tag=value"),
        ("/tags/findSeries", {"expr": "a=~("}, "is '('; allowed is a regular expression"),
        ("/tags/autoComplete/values", {}, "tag is missing; allowed is the name of a tag"),
        ("/tags/autoComplete/tags", {"limit": "-1"}, "limit is -1; allowed is"),
        ("/tags/autoComplete/tags", {"limit": "x"}, "limit is 'x'; allowed is a whole number"),
        ("/tags", {"filter": "["}, "filter is '['; allowed is a regular expression"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(path: str, query: Fields, why: str) -> None:
    assert why in refusal(path, query)


def test_values_are_listed_with_the_leaves_that_have_them() -> None:
    listed = CLIENT.get("/tags/host").json()
    of_timer = len(found("host=a", "name=~stats.timers"))
    counts = {one["value"]: one["count"] for one in listed["values"]}
    assert counts == {"a": 2 + 1 + 1 + of_timer + 1, "b.c": 2 + of_timer, "z": 1}
    assert all(len(found(f"host={value}")) == count for value, count in counts.items())
    (name,) = CLIENT.get("/tags/name", {"filter": f"{RUNS}$"}).json()["values"]
    assert name == {"value": RUNS, "count": 3}
    assert CLIENT.get("/tags/nothing").json() is None


def test_a_name_that_statsd_and_carbon_brought_is_statsds() -> None:
    both = FakeStore()
    both.write_points(Points(["stats.gauges.g"], np.zeros(1, dtype=np.int64), np.array([1.0])))
    both.write(Flush(0, 10, {}, {"g": 2.0}, {}, {}))
    asked = Client(Starlette(routes=routes(both, lambda: 10.0)))
    for target in ("stats.gauges.g", "seriesByTag('name=stats.gauges.g')", "seriesByTag('name!=')"):
        (line,) = asked.get("/render", {"target": target, **SPAN}).json()
        assert line["datapoints"] == [[2.0, 0]]


def test_an_empty_store_has_no_tags() -> None:
    asked = Client(Starlette(routes=routes(FakeStore(), lambda: 10.0)))
    assert asked.get("/tags").json() == asked.get("/tags/autoComplete/tags").json() == []


def test_the_index_follows_what_is_stored_and_nothing_else() -> None:
    named = CLIENT.post("/tags/tagMultiSeries", {"path": ["new;b=2;a=1", "x"]})
    assert named.json() == ["new;a=1;b=2", "x"]
    assert found("a=1") == []
    refused = CLIENT.post("/tags/delSeries", {"path": "disk.free"})
    assert refused.status_code == httpx.codes.NOT_IMPLEMENTED
    assert "shorten its retention" in refused.text
    assert found("name=disk.free") == ["disk.free"]
    for path in ("", ";a=1", "x" * 501):
        assert CLIENT.post("/tags/tagSeries", {"path": path}).status_code == httpx.codes.BAD_REQUEST


def test_each_value_is_tested_once_however_many_series_have_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tested: list[str] = []
    matching = tagtests.ValuePattern.matching

    def noted(self: tagtests.ValuePattern, values: list[str], budget: Budget) -> set[str]:
        tested.extend(values)
        return matching(self, values, budget)

    monkeypatch.setattr(tagtests.ValuePattern, "matching", noted)
    assert len(found("host=~a", "queue!=~p", "dc=1")) == 1
    # The empty value tells whether a series without the tag passes.
    assert sorted(filter(None, tested)) == ["a", "b.c", "mail", "pdf", "z"]


def test_an_expression_that_never_ends_does() -> None:
    budget = Budget(Limits(seconds=0.2))
    test = parse("host=~(a|aa|aaa)+$")
    with pytest.raises(LimitError, match="the request takes longer than"):
        test.accepted(["a" * 60 + "b"], budget)


@given(st.lists(st.text(";!=~^$()[]|*abc", max_size=12), min_size=1, max_size=3))
def test_expressions_are_read_or_refused(texts: list[str]) -> None:
    try:
        tests = parse_all(texts, Budget())
    except TagExpressionError:
        return
    for test in tests:
        values = ["", "a", "abc", "c"]
        passed = test.accepted(values, Budget())
        assert passed <= set(values)
        assert ("" in passed) == test.accepts_none(Budget())


@given(
    st.lists(st.sampled_from([*"ab.$^|()*+?[]", r"\b", r"\B", "(?=a)"]), max_size=8),
    st.text("ab.", min_size=1, max_size=6),
    st.text("ab.", max_size=6),
)
def test_what_passes_has_begun_to(pattern: list[str], beginning: str, rest: str) -> None:
    try:
        test = parse(f"name=~{''.join(pattern)}")
    except TagExpressionError:
        return
    whole = beginning + rest
    if test.accepted([whole], Budget()):
        assert test.begun([beginning], Budget()) == {beginning}
