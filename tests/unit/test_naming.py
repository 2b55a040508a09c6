import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.naming import Layout, Paths, dotted, levels, node, task_name, valid_prefix

NODE = re.compile(r"[A-Za-z0-9_-]+\Z")
anything = st.text(st.characters(), max_size=300)
# Mostly the characters that tell names apart, so that near misses are common.
tricky = st.text(st.sampled_from("ab_-. é"), max_size=12)
plain_part = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=12)
plain = st.lists(plain_part, min_size=1, max_size=6).map(".".join)


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("proj.billing.tasks.charge", ("proj", "billing-tasks", "charge")),
        ("proj.charge", ("proj", "_", "charge")),
        ("add", ("_", "_", "add")),
        ("proj.my-mod.charge", ("proj", "my--mod", "charge")),
    ],
)
def test_levels_are_the_first_segment_the_middle_and_the_last(
    name: str, nodes: tuple[str, str, str]
) -> None:
    assert levels(name) == nodes
    assert task_name(*nodes) == name


@given(anything | tricky)
@example("")
@example("a..b")
@example("\ud800")
@example("x" * 10_000)
def test_any_name_gives_three_valid_levels(name: str) -> None:
    nodes = levels(name)

    assert len(nodes) == 3
    assert all(NODE.match(part) for part in nodes)


@given(anything | tricky)
@example("")
@example("." * 400)
def test_any_name_gives_valid_dotted_nodes(name: str) -> None:
    assert all(NODE.match(part) for part in dotted(name))


@given(tricky, tricky)
@example("a.b", "a.b ")
@example("a.b-c.d", "a.b.c.d")
@example("a.b-.c.d", "a.b.-c.d")
@example("_.a", "a")
@example("a._.b", "a.b")
def test_distinct_names_stay_distinct(one: str, other: str) -> None:
    assert (levels(one) == levels(other)) == (one == other)
    assert (dotted(one) == dotted(other)) == (one == other)


@given(plain)
def test_a_plain_name_is_read_back_from_its_levels(name: str) -> None:
    nodes = levels(name)
    if not re.search(r"-[0-9a-f]{8}\Z", nodes[-1]):
        assert task_name(*nodes) == name


@given(plain)
def test_a_plain_name_stays_as_it_is_in_dotted(name: str) -> None:
    assert ".".join(dotted(name)) == name


@given(anything)
def test_any_text_gives_one_valid_node(text: str) -> None:
    assert NODE.match(node(text))


@given(anything, anything, anything)
@example("proj", "", "charge")
def test_any_path_of_any_prefix_is_valid(task: str, queue: str, host: str) -> None:
    for prefix in ("", "celery", "acme.eu-1"):
        for layout in Layout:
            paths = Paths(prefix, layout)
            for path in (paths.task(task), paths.queue(queue), paths.worker(host)):
                assert valid_prefix(path)
                assert path


def test_without_a_prefix_a_dotted_path_is_the_name_itself() -> None:
    assert Paths("", Layout.DOTTED).task("proj.tasks.charge") == "proj.tasks.charge"


@pytest.mark.parametrize("prefix", ["a.", ".a", "a..b", "a b", "é", "a\n"])
def test_a_prefix_is_nodes_joined_by_dots(prefix: str) -> None:
    assert not valid_prefix(prefix)
