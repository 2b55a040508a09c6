"""Tags against graphite-web's own tag database: expressions, completions, and series found."""

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from celeryscope.graphite.routes import routes
from celeryscope.graphite.series import TimeSeries
from celeryscope.store.protocol import Points
from support.asgi import Client
from support.fake_store import FakeStore
from support.graphite_oracle import Oracle, Query, graphite_web

START = 1_700_042_400
END = START + 10
NAMES = ["disk.used", "disk.free", "cpu.load", "cpu", "Disk.used"]
TAGS = {
    "host": ["web1", "web2", "web10", "db", "Web1", "db.example.com"],
    "dc": ["1", "2", "ams"],
    "ro/le": ["a b", "a=b", "~", "(x)"],
}
VALUES = ["", "w", "web1", "web2", "db", "1", "ams", "a=b", "(x)", "nothing", *NAMES]
PATTERNS = [
    *("", ".*", ".+", "web", "eb", "web1$", "web[12]", "^web", "^eb", "(web1|db)$", "^(web1|db)$"),
    *("db\\.example", "disk", ".*used", "cpu$", "[^w]", "1|2", "$", "^$", "x?"),
]
CASES = 600

Json = Any  # what the sides answer is compared, not modelled


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with graphite_web() as started:
        yield started


def paths() -> list[str]:
    """Return sixty names, from those without tags to those with all."""
    random = Random(1)
    made = set(NAMES)
    while len(made) < 60:
        tags = random.sample(sorted(TAGS), random.randint(1, len(TAGS)))
        pairs = sorted(f";{tag}={random.choice(TAGS[tag]).lstrip('~') or 'x'}" for tag in tags)
        made.add(random.choice(NAMES) + "".join(pairs))
    return sorted(made)


@pytest.fixture(scope="module")
def client(oracle: Oracle) -> Client:
    """Give both sides the same series, all of one value."""
    names, store = paths(), FakeStore()
    ones = np.ones(len(names))
    store.write_points(Points(names, np.full(len(names), START), ones))
    oracle.hold({name: TimeSeries(name, START, 10, np.ones(1)) for name in names})
    tagged = oracle.post("/tags/tagMultiSeries", [("path", name) for name in names])
    assert tagged.json == names
    return Client(Starlette(routes=routes(store, lambda: START + 10.0)))


def expressions(count: int, most: int = 3) -> list[list[str]]:
    """Return one to three expressions at a time, in all ways that they can be written."""
    random = Random(2)
    made = []
    for _ in range(count):
        operators = random.choices(["=", "!=", "=~", "!=~"], k=random.randint(1, most))
        made.append(
            [
                random.choice(["name", "missing", *TAGS])
                + operator
                + random.choice(PATTERNS if operator.endswith("~") else VALUES)
                for operator in operators
            ]
        )
    return made


def answers(oracle: Oracle, client: Client, path: str, query: Query) -> list[Json]:
    """Return what each side answers; a refusal is a refusal, whatever it says."""
    fields: dict[str, list[str]] = {}
    for key, value in query:
        fields.setdefault(key, []).append(value)
    ours, theirs = client.get(path, fields), oracle.get(path, query)
    assert ours.status_code in {httpx.codes.OK, httpx.codes.BAD_REQUEST}
    return [
        ours.json() if ours.status_code == httpx.codes.OK else "refused",
        _without_ids(theirs.json) if theirs.status == httpx.codes.OK else "refused",
    ]


def _without_ids(content: Json) -> Json:
    """Drop the numbers of rows, which graphite-web tells of tags and values."""
    if isinstance(content, list):
        return [_without_ids(one) for one in content]
    if isinstance(content, dict):
        return {key: _without_ids(one) for key, one in content.items() if key != "id"}
    return content


def differences(
    oracle: Oracle, client: Client, path: str, queries: Sequence[Query]
) -> dict[str, list[Json]]:
    pairs = {str(query): answers(oracle, client, path, query) for query in queries}
    return {query: pair for query, pair in pairs.items() if pair[0] != pair[1]}


def test_series_are_found_by_expressions_as_graphite_web_finds_them(
    oracle: Oracle, client: Client
) -> None:
    queries = [[("expr", one) for one in several] for several in expressions(CASES)]
    malformed = ["", "x", "=x", "a;b=c", "!=", "host=~(", "host!=~[", "host=~*", "host==~a"]
    queries += [[("expr", one)] for one in malformed] + [[("expr[]", "host=db")], []]
    assert differences(oracle, client, "/tags/findSeries", queries) == {}


def test_tags_are_completed_as_graphite_web_completes_them(oracle: Oracle, client: Client) -> None:
    choices = product(
        ["", "h", "n", "na", "ro/", "Z"], ["1", "2", "0", "x"], [[], *expressions(20)]
    )
    queries = [
        [("tagPrefix", prefix), ("limit", limit), *(("expr", one) for one in several)]
        for prefix, limit, several in choices
    ]
    queries += [[("expr", one) for one in several] for several in expressions(50)]
    assert differences(oracle, client, "/tags/autoComplete/tags", [*queries, []]) == {}


def test_values_are_completed_as_graphite_web_completes_them(
    oracle: Oracle, client: Client
) -> None:
    tags, prefixes = ["name", "host", "dc", "missing"], ["", "web", "d", "disk.", "(", "Z"]
    choices = product(tags, prefixes, ["1", "3", "0", "x"], [[], *expressions(8)])
    queries = [
        [
            *(("tag", tag), ("valuePrefix", prefix), ("limit", limit)),
            *(("expr", one) for one in several),
        ]
        for tag, prefix, limit, several in choices
    ]
    queries += [[("tag", tag)] for tag in (*tags, "", "a;b")]
    assert differences(oracle, client, "/tags/autoComplete/values", queries) == {}


@pytest.mark.parametrize("path", ["/tags", "/tags/", "/tags/host", "/tags/name", "/tags/nope"])
def test_tags_and_their_values_are_listed_as_graphite_web_lists_them(
    oracle: Oracle, client: Client, path: str
) -> None:
    filters = ["", "h", "^h", "o", "web", "(", "web1$", ".*1"]
    queries = [
        [*([("filter", one)] if one else []), *([("limit", limit)] if limit else [])]
        for one, limit in product(filters, ["", "1", "3"])
    ]
    if path == "/tags/nope":
        queries = [[]]  # there graphite-web reads no filter
    assert differences(oracle, client, path, queries) == {}


def test_pretty_answers_are_the_same_to_the_letter(oracle: Oracle, client: Client) -> None:
    query = {"tag": "host", "pretty": "1"}
    ours = client.get("/tags/autoComplete/values", query).text
    assert ours == oracle.get("/tags/autoComplete/values", [*query.items()]).body


@pytest.mark.parametrize(
    "target",
    [
        "seriesByTag('name=cpu')",
        "seriesByTag('name=~cpu','host=~web',\"dc!=1\")",
        "seriesByTag('name=nothing')",
        "seriesByTag('host!=db')",
        "sumSeries(seriesByTag('host=~.'))",
        "sumSeries(seriesByTag('host=db','dc=1'),cpu.load)",
        "groupByTags(seriesByTag('host=~web'),'sum','host')",
        "groupByTags(seriesByTag('dc!='),'max','dc','name')",
        "aliasByTags(seriesByTag('dc=1','host=~w'),'host',0,'ro/le')",
        "seriesByTag('name=disk.used','dc=1')|aliasByNode(1)|sumSeries()",
        "asPercent(seriesByTag('host=~web','dc!='),seriesByTag('host=~web','dc!='),'host')",
        "cpu;dc=1;host=Web1",
    ],
)
def test_functions_take_what_is_found_by_tags(oracle: Oracle, client: Client, target: str) -> None:
    query = [("target", target), ("format", "json"), ("from", str(START)), ("until", str(END))]
    ours, theirs = answers(oracle, client, "/render", query)
    assert ours == theirs


@pytest.mark.parametrize(
    "path", ["cpu.x", "cpu.x;host=db;dc=1", 'cpu.x{host="db",dc="1"}', "cpu.x;dc=1;dc=2"]
)
def test_a_path_is_named_as_graphite_web_names_it(
    oracle: Oracle, client: Client, path: str
) -> None:
    theirs = oracle.post("/tags/tagSeries", [("path", path)]).json
    oracle.post("/tags/delSeries", [("path", path)])
    assert client.post("/tags/tagSeries", {"path": path}).json() == theirs


def test_all_of_an_expression_has_to_match_at_the_start_but_for_graphite_web(
    oracle: Oracle, client: Client
) -> None:
    ours, theirs = answers(oracle, client, "/tags/findSeries", [("expr", "host=~^db|eb2$")])
    assert {name for name in theirs if "host=web2" in name} == set(theirs) - set(ours) != set()


def test_flags_may_begin_an_expression_but_for_graphite_web(oracle: Oracle, client: Client) -> None:
    ours, theirs = answers(oracle, client, "/tags/findSeries", [("expr", "host=~(?i)web1$")])
    assert theirs == "refused"
    assert any("host=Web1" in name for name in ours)
    assert any("host=web1" in name for name in ours)
