from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.metrics import Kind
from celeryscope.store.protocol import Series
from celeryscope.store.tagindex import TagIndex
from celeryscope.store.tagnames import key_of, tags_of
from celeryscope.store.tree import NameTree

NAMES = (
    "disk.used;dc=1;host=web1",
    "disk.used;dc=1;host=web2",
    "disk.free;host=db.example.com",
    "up;host=web1",
)


def numbered(names: Sequence[str], kind: Kind = Kind.GAUGE) -> list[Series]:
    return [Series(number, kind, name, 0) for number, name in enumerate(names)]


def index_of(*series: Series) -> TagIndex:
    index = TagIndex()
    for one in series:
        index.add(one)
    return index


def named(found: Sequence[Series]) -> list[str]:
    return sorted(one.name for one in found)


def test_series_are_found_by_each_of_their_tags() -> None:
    index = index_of(*numbered(NAMES))
    assert index.names() == ["dc", "host"]
    assert index.values("host") == ["db.example.com", "web1", "web2"]
    assert named(index.having("host", "web1")) == [NAMES[0], NAMES[3]]
    assert index.having("host", "web") == index.having("zone", "web1") == []
    assert index.values("zone") == []


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("disk.used", [NAMES[0], NAMES[1]]),
        ("disk.*", sorted(NAMES[:3])),
        ("**", sorted(NAMES)),
        ("*", [NAMES[3]]),
        ("disk", []),
        ("disk.used.*", []),
    ],
)
def test_series_are_found_by_globs_over_their_name_alone(pattern: str, found: list[str]) -> None:
    index = index_of(*numbered(NAMES))
    assert named(index.find(Kind.GAUGE, pattern.split("."))) == found
    assert index.find(Kind.TIMER, pattern.split(".")) == []


def test_a_tag_goes_with_the_last_series_that_has_it() -> None:
    series = numbered(NAMES)
    index = index_of(*series)
    index.remove(series[0])
    assert index.values("dc") == ["1"]
    index.remove(series[1])
    assert index.names() == ["host"]
    assert index.values("host") == ["db.example.com", "web1"]


def test_a_tag_called_name_does_not_hide_the_name() -> None:
    assert tags_of("a;name=b;host=c;x;=y;z=") == {"host": "c"}
    assert key_of("a;name=b") == "a"


SOME_NAMES = st.lists(
    st.builds(
        lambda key, tags: key + "".join(f";{tag}={value}" for tag, value in sorted(tags.items())),
        st.sampled_from(["a", "a.b", "a.b.c"]),
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["1", "2", "a.b"]), min_size=1),
    ),
    unique=True,
)


@given(SOME_NAMES, st.data())
def test_what_is_left_is_found_as_if_nothing_else_had_been_there(
    names: list[str], data: st.DataObject
) -> None:
    series = numbered(names)
    gone = data.draw(st.lists(st.sampled_from(series), unique=True)) if series else []
    index = index_of(*series)
    for one in gone:
        index.remove(one)
    left = [one for one in series if one not in gone]
    assert named(index.find(Kind.GAUGE, ["**"])) == named(left)
    pairs = {(tag, value) for one in left for tag, value in tags_of(one.name).items()}
    assert {(tag, value) for tag in index.names() for value in index.values(tag)} == pairs
    for tag, value in pairs:
        having = [one for one in left if tags_of(one.name).get(tag) == value]
        assert named(index.having(tag, value)) == named(having)


def test_names_with_tags_are_in_the_index_and_in_no_tree() -> None:
    tree = NameTree()
    tagged, plain = numbered(["disk.used;host=a.b", "disk.free"])
    for one in (tagged, plain):
        tree.add(one)
    assert [node.series for node in tree.find(Kind.GAUGE, ["disk", "*"])] == [plain]
    assert tree.tags.find(Kind.GAUGE, ["disk", "*"]) == [tagged]
    assert (len(tree), tree.get(Kind.GAUGE, tagged.name)) == (2, tagged)
    tree.remove(tagged)
    assert tree.tags.names() == []
    assert list(tree) == [plain]
