import pytest

from celeryscope.flush import Flush
from celeryscope.graphite import find
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.namespace import Namespace, split
from celeryscope.namespace import DEFAULT_NAMING, Naming
from celeryscope.sketch import Distribution
from support.fake_store import FakeStore

PLAIN = ("count", "count_ps", "lower", "mean", "median", "std", "sum", "sum_squares", "upper")

PERCENTILE = ("count", "mean", "sum", "sum_squares", "upper")


def namespace(naming: Naming = DEFAULT_NAMING) -> Namespace:
    store = FakeStore()
    store.write(
        Flush(
            start=0,
            seconds=10,
            counters={"a.b": 1, "a.b.count": 1, "a.c": 1},
            gauges={"g": 1, "g.h": 1},
            sets={"s": 1},
            timers={"a.t": Distribution.of([1])},
        )
    )
    return Namespace(store, (90.0,), naming)


def leaves(pattern: str, naming: Naming = DEFAULT_NAMING) -> list[str]:
    return [leaf.name for leaf in namespace(naming).leaves(split(pattern))]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("stats.counters.a.c.count", ["stats.counters.a.c.count"]),
        ("stats.counters.a.*.count", ["stats.counters.a.b.count", "stats.counters.a.c.count"]),
        (
            "stats.counters.a.c.{rate,count}",
            ["stats.counters.a.c.count", "stats.counters.a.c.rate"],
        ),
        ("*.gauges.*", ["stats.gauges.g"]),
        ("stats.{gauges,sets}.**", ["stats.gauges.g", "stats.gauges.g.h", "stats.sets.s.count"]),
        ("stats.timers.**.upper*", ["stats.timers.a.t.upper", "stats.timers.a.t.upper_90"]),
        ("stats.timers.a.t.upper_97", ["stats.timers.a.t.upper_97"]),
        (
            "stats.timers.a.t.upper_{1,99_9}",
            ["stats.timers.a.t.upper_1", "stats.timers.a.t.upper_99_9"],
        ),
        ("**.rate", [f"stats.counters.a.{name}.rate" for name in ("b.count", "b", "c")]),
        ("**.s.**", ["stats.sets.s.count"]),
        ("stats.timers.a.t.wrong", []),
        ("stats.timers.a.t", []),
        ("stats.counters", []),
        ("else.counters.a.c.count", []),
    ],
)
def test_leaves_are_found_by_globs(pattern: str, expected: list[str]) -> None:
    assert leaves(pattern) == expected


LEGACY = Naming(legacy=True)
BARE = Naming(global_prefix="", prefix_counter="", prefix_gauge="my.gauges")
COUNTS = ["stats_counts", "stats_counts.a"]


@pytest.mark.parametrize(
    ("naming", "pattern", "expected"),
    [
        (LEGACY, "stats_counts.a.*", ["stats_counts.a.b", "stats_counts.a.c"]),
        (LEGACY, "stats.a.*", ["stats.a.b", "stats.a.c"]),
        (LEGACY, "stats.*.a.t.mean", ["stats.timers.a.t.mean"]),
        (LEGACY, "stats.{gauges,sets}.**", leaves("stats.{gauges,sets}.**")),
        (LEGACY, "stats.counters.**", []),
        (BARE, "a.c.rate", ["a.c.rate"]),
        (BARE, "my.*.g", ["my.gauges.g"]),
        (BARE, "timers.**.upper_9*", ["timers.a.t.upper_90"]),
        (BARE, "stats.**", []),
    ],
)
def test_leaves_are_found_under_the_names_that_are_set(
    naming: Naming, pattern: str, expected: list[str]
) -> None:
    assert leaves(pattern, naming) == expected


def test_each_legacy_path_of_a_counter_says_what_it_stands_for() -> None:
    found = namespace(LEGACY).leaves(split("{stats,stats_counts}.a.c"))
    assert [(leaf.name, leaf.statistic) for leaf in found] == [
        ("stats.a.c", "rate"),
        ("stats_counts.a.c", "count"),
    ]


@pytest.mark.parametrize(
    ("naming", "roots"),
    [
        (LEGACY, ["stats", *(f"stats.{n}" for n in ("a", "gauges", "sets", "timers")), *COUNTS]),
        (BARE, ["a", "a.b", "a.c", "my", "my.gauges", "sets", "sets.s", "timers", "timers.a"]),
    ],
)
def test_branches_are_found_under_the_names_that_are_set(naming: Naming, roots: list[str]) -> None:
    assert find.expanded(namespace(naming), ["*", "*.*"], leaves_only=False) == roots


@pytest.mark.parametrize("braces", ["{{a},b}" * 40, "{a}" * 2000])
def test_no_braces_in_a_last_node_take_long(braces: str) -> None:
    assert leaves(f"stats.counters.a.c.{braces}") == []


def test_everything_is_below_the_root() -> None:
    counters = [
        f"stats.counters.a.{n}.{leaf}" for n in ("b", "b.count", "c") for leaf in ("count", "rate")
    ]
    timer = [f"stats.timers.a.t.{p}_90" for p in PERCENTILE]
    timer += [f"stats.timers.a.t.{name}" for name in PLAIN]
    others = ["stats.gauges.g", "stats.gauges.g.h", "stats.sets.s.count"]
    assert find.expanded(namespace(), ["**"], leaves_only=True) == sorted(counters + timer + others)


def entry(text: str, identity: str, *, branch: bool) -> dict[str, object]:
    return {
        "text": text,
        "id": identity,
        "allowChildren": int(branch),
        "expandable": int(branch),
        "leaf": int(not branch),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("*", [entry("stats", "stats", branch=True)]),
        (
            "stats.*",
            [entry(k, f"stats.{k}", branch=True) for k in ("counters", "gauges", "sets", "timers")],
        ),
        ("stats.timers.*.*", [entry("t", "stats.timers.*.t", branch=True)]),
        ("stats.sets.s.*", [entry("count", "stats.sets.s.count", branch=False)]),
        ("stats.gauges.*.{h,i}", [entry("h", "stats.gauges.*.h", branch=False)]),
        ("stats.nothing.*", []),
    ],
)
def test_the_tree_shows_branches_and_leaves(query: str, expected: list[dict[str, object]]) -> None:
    assert find.tree(namespace(), query) == expected


def test_the_tree_shows_branches_first_and_what_is_both_as_a_branch() -> None:
    assert find.tree(namespace(), "stats.counters.a.b.*") == [
        entry("count", "stats.counters.a.b.count", branch=True),
        entry("rate", "stats.counters.a.b.rate", branch=False),
    ]
    assert find.tree(namespace(), "stats.gauges.*") == [entry("g", "stats.gauges.g", branch=True)]


def test_the_completer_shows_what_is_both_twice() -> None:
    assert find.completer(namespace(), "stats.gauges.") == {
        "metrics": [
            {"path": "stats.gauges.g.", "name": "g", "is_leaf": "0"},
            {"path": "stats.gauges.g", "name": "g", "is_leaf": "1"},
        ]
    }
    assert find.completer(namespace(), "sta") == {
        "metrics": [{"path": "stats.", "name": "stats", "is_leaf": "0"}]
    }


def test_expansion_joins_queries_and_leaves_branches_out_if_asked() -> None:
    queries = ["stats.sets.*", "stats.gauges.*", "stats.gauges.g"]
    assert find.expanded(namespace(), queries, leaves_only=False) == [
        "stats.gauges.g",
        "stats.sets.s",
    ]
    assert find.expanded(namespace(), queries, leaves_only=True) == ["stats.gauges.g"]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("a.b", ("a", "b")),
        ("a.{b.c,d}.*", ("a", "{b.c,d}", "*")),
        (r"a\(b\{c.d", ("a(b[{]c", "d")),
        ("", ()),
        ("a..b.", ("a", "b")),
    ],
)
def test_a_path_is_split_at_its_dots(text: str, pattern: tuple[str, ...]) -> None:
    assert split(text) == pattern


def test_a_node_with_more_choices_than_are_looked_for_is_refused() -> None:
    assert leaves("stats.gauges." + "{f,g}" * 12) == []
    with pytest.raises(RequestError, match=r"has 8192 choices; allowed are 4096 in a node"):
        leaves("stats.gauges." + "{f,g}" * 13)


def test_no_more_names_are_listed_than_one_answer_may_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("celeryscope.graphite.namespace.MAX_LEAVES", 2)
    assert leaves("stats.gauges.**") == ["stats.gauges.g", "stats.gauges.g.h"]
    with pytest.raises(RequestError, match="more than 2 names match; narrow the path"):
        find.expanded(namespace(), ["**"], leaves_only=True)
