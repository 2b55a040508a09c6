import pytest

from celeryscope.metrics import Kind
from celeryscope.namespace import DEFAULT_NAMING, Naming

STATISTICS = {
    Kind.COUNTER: ["count", "rate"],
    Kind.TIMER: ["mean", "upper_90"],
    Kind.GAUGE: [""],
    Kind.SET: ["count"],
}


def paths(naming: Naming, name: str = "a.b") -> dict[str, str]:
    """Return each path under which a name is sent, and what it stands for."""
    key, tags = naming.split(name)
    sent = {}
    for kind, statistics in STATISTICS.items():
        for statistic in statistics:
            place = naming.place(kind, statistic)
            sent[f"{place.before}{key}{place.after}{tags}"] = f"{kind.value} {statistic}".strip()
    return sent


def test_names_are_nodes_own_without_its_legacy_namespace() -> None:
    assert paths(DEFAULT_NAMING) == {
        "stats.counters.a.b.count": "counters count",
        "stats.counters.a.b.rate": "counters rate",
        "stats.timers.a.b.mean": "timers mean",
        "stats.timers.a.b.upper_90": "timers upper_90",
        "stats.gauges.a.b": "gauges",
        "stats.sets.a.b.count": "sets count",
    }


def test_legacy_names_are_nodes_own_and_take_no_prefixes() -> None:
    expected = {
        "stats_counts.a.b": "counters count",
        "stats.a.b": "counters rate",
        "stats.timers.a.b.mean": "timers mean",
        "stats.timers.a.b.upper_90": "timers upper_90",
        "stats.gauges.a.b": "gauges",
        "stats.sets.a.b.count": "sets count",
    }
    assert paths(Naming(legacy=True)) == expected
    assert paths(Naming(legacy=True, global_prefix="g", prefix_counter="c")) == expected
    suffixed = paths(Naming(legacy=True, global_suffix="h1"))
    assert suffixed == {f"{path}.h1": what for path, what in expected.items()}


def test_prefixes_may_have_several_nodes_or_be_left_out() -> None:
    naming = Naming(global_prefix="", prefix_counter="c.d", prefix_timer="", prefix_gauge="g")
    assert list(paths(naming)) == [
        "c.d.a.b.count",
        "c.d.a.b.rate",
        "a.b.mean",
        "a.b.upper_90",
        "g.a.b",
        "sets.a.b.count",
    ]


def test_the_suffix_stands_before_the_tags() -> None:
    sent = paths(Naming(global_suffix="h1"), "a.b;k=v.w;l=1")
    assert "stats.counters.a.b.count.h1;k=v.w;l=1" in sent
    assert "stats.gauges.a.b.h1;k=v.w;l=1" in sent


@pytest.mark.parametrize(
    ("naming", "name", "key"),
    [
        (DEFAULT_NAMING, "celeryscope.packets", "celeryscope.packets"),
        (Naming(prefix_stats="own.h1"), "celeryscope.packets", "own.h1.packets"),
        (Naming(prefix_stats=""), "celeryscope.packets", "packets"),
        (Naming(prefix_stats="own"), "celeryscopes.packets", "celeryscopes.packets"),
        (Naming(legacy=True, prefix_stats="own"), "celeryscope.packets", "own.packets"),
    ],
)
def test_the_servers_own_series_have_a_prefix_of_their_own(
    naming: Naming, name: str, key: str
) -> None:
    assert naming.split(name) == (key, "")


@pytest.mark.parametrize(
    ("name", "key", "tags"),
    [
        ("a b\n/c", "a_b_-c", ""),
        ("tâche:{x}", "tchex", ""),
        ("é", "_", ""),
        ("a;b=c d;e=é", "a", ";b=c_d;e="),
    ],
)
def test_names_that_came_uncleaned_are_clean_where_they_are_sent(
    name: str, key: str, tags: str
) -> None:
    assert DEFAULT_NAMING.split(name) == (key, tags)
