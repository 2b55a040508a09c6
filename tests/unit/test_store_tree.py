from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.metrics import Kind
from celeryscope.store.protocol import Series
from celeryscope.store.tree import NameTree

NAMES = (
    "celery.task.shop.orders.charge.success",
    "celery.task.shop.orders.charge.failure",
    "celery.task.shop.orders.refund.success",
    "celery.task.shop._.sync.success",
    "celery.queue.default.published",
    "celery.queue.default",
    "up",
)


def tree_of(*names: str, kind: Kind = Kind.COUNTER) -> NameTree:
    tree = NameTree()
    for number, name in enumerate(names):
        tree.add(Series(number, kind, name, 0))
    return tree


def found(tree: NameTree, pattern: str) -> list[str]:
    nodes = tree.find(Kind.COUNTER, pattern.split("."))
    return [".".join(node.path) for node in nodes]


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("*", ["celery", "up"]),
        ("celery.*", ["celery.queue", "celery.task"]),
        ("celery.task.*.*.*.success", [n for n in sorted(NAMES) if n.endswith(".success")]),
        (
            "celery.task.shop.orders.*",
            [f"celery.task.shop.orders.{t}" for t in ("charge", "refund")],
        ),
        (
            "celery.task.shop.orders.{charge,refund}.[sf]*",
            [n for n in sorted(NAMES) if ".orders." in n],
        ),
        ("celery.**.success", [n for n in sorted(NAMES) if n.endswith(".success")]),
        ("**.published", ["celery.queue.default.published"]),
        ("up.**", []),
        ("celery.queue.**", ["celery.queue.default", "celery.queue.default.published"]),
        ("nothing.*", []),
        ("up.more", []),
    ],
)
def test_a_pattern_finds_nodes_ordered_by_path(pattern: str, paths: list[str]) -> None:
    assert found(tree_of(*NAMES), pattern) == paths


def test_any_depth_reaches_every_node_once() -> None:
    nodes = {tuple(n.split(".")[:i]) for n in NAMES for i in range(1, n.count(".") + 2)}
    once = [node.path for node in tree_of(*NAMES).find(Kind.COUNTER, ["**"])]
    assert once == sorted(nodes)
    twice = [node.path for node in tree_of(*NAMES).find(Kind.COUNTER, ["**", "**"])]
    assert twice == sorted(path for path in nodes if len(path) > 1)


def test_a_node_knows_its_series_and_whether_more_lies_below() -> None:
    tree = tree_of(*NAMES)
    [default] = tree.find(Kind.COUNTER, ["celery", "queue", "default"])
    assert default.series is not None
    assert default.series.name == "celery.queue.default"
    assert default.has_children
    [up] = tree.find(Kind.COUNTER, ["up"])
    assert up.series is not None
    assert not up.has_children
    [celery] = tree.find(Kind.COUNTER, ["celery"])
    assert celery.series is None


def test_kinds_have_trees_of_their_own() -> None:
    tree = tree_of("a.b")
    tree.add(Series(1, Kind.TIMER, "a.b", 5))
    assert len(tree) == 2
    assert tree.find(Kind.GAUGE, ["**"]) == []
    assert tree.get(Kind.TIMER, "a.b") == Series(1, Kind.TIMER, "a.b", 5)
    assert tree.get(Kind.GAUGE, "a.b") is None
    assert tree.get(Kind.COUNTER, "a") is None


def test_an_empty_pattern_finds_nothing() -> None:
    assert tree_of(*NAMES).find(Kind.COUNTER, []) == []


@given(st.lists(st.text("*?[]{}!,ab-", max_size=6), max_size=4))
def test_no_pattern_raises(pattern: list[str]) -> None:
    assert len(tree_of(*NAMES).find(Kind.COUNTER, pattern)) <= 20


def test_it_can_be_searched_while_series_are_added() -> None:
    tree = NameTree()
    names = [f"{chr(97 + i % 26)}.{i}" for i in range(5000)]

    def fill() -> None:
        for number, name in enumerate(names):
            tree.add(Series(number, Kind.COUNTER, name, 0))

    filler = Thread(target=fill)
    filler.start()
    sizes = [0]
    while filler.is_alive():
        sizes.append(len(tree.find(Kind.COUNTER, ["*", "*"])))
    filler.join()
    assert sizes == sorted(sizes)
    assert len(tree.find(Kind.COUNTER, ["*", "*"])) == len(names)
