"""A series' name: what is left of it, and its tags in each dialect."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.statsd.series import MAX_NAME, Clean, made_printable, sanitise, series_name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (b"celery.task.a.b.c.runtime", "celery.task.a.b.c.runtime"),
        (b"A-z_0.9", "A-z_0.9"),
        (b"two  words\tthree", "two_words_three"),
        (b" led", "_led"),
        (b"a/b/c", "a-b-c"),
        (b"a|b%c(d)", "abcd"),
        ("tâche".encode(), "tche"),
        (b"\xff\xfename", "name"),
        (b"nul\x00l", "null"),
        (b"a..b...c", "a.b.c"),
        (b".a.", "a"),
        (b"a.\xff.b", "a.b"),
        (b"constructor", "constructor"),
        (b"__proto__", "__proto__"),
        (b"n" * MAX_NAME, "n" * MAX_NAME),
    ],
)
def test_a_name_is_written_as_node_does_without_empty_nodes(name: bytes, written: str) -> None:
    assert series_name(name, b"", sanitise) == written


@pytest.mark.parametrize("name", [b"", b".", b"..", b"\xff\xfe", b"%", b".%.", b";k=v", b",k=v"])
def test_a_name_of_which_nothing_is_left_is_none(name: bytes) -> None:
    assert series_name(name, b"", sanitise) is None


def test_a_name_is_at_most_500_bytes_with_its_tags() -> None:
    assert series_name(b"n" * 501, b"", sanitise) is None
    assert series_name(b"n" * 496, b"k:v", sanitise) == "n" * 496 + ";k=v"
    assert series_name(b"n" * 497, b"k:v", sanitise) is None
    assert series_name("é".encode() * 251, b"", made_printable) is None


@pytest.mark.parametrize(
    ("name", "tags", "written"),
    [
        (b"cpu;host=web1", b"", "cpu;host=web1"),
        (b"cpu,host=web1,dc=eu", b"", "cpu;dc=eu;host=web1"),
        (b"cpu", b"host:web1,dc:eu", "cpu;dc=eu;host=web1"),
        (b"cpu;host=web1", b"dc:eu", "cpu;dc=eu;host=web1"),
        (b"cpu,host=web1", b"dc:eu", "cpu;dc=eu;host=web1"),
        (b"cpu", b"bare", "cpu;bare"),
        (b"cpu", b"a:b:c:d", "cpu;a=bcd"),
        (b"cpu", b"a;b:c", "cpu;a_b=c"),
        (b"cpu", b"a:b c/d", "cpu;a=b_c-d"),
        (b"cpu", b"a:1.5", "cpu;a=1.5"),
        (b"cpu.", b"a:b", "cpu;a=b"),
        (b"cpu", b"a:b,a:b,,%,:c", "cpu;a=b"),
        (b"cpu", b"a:2,a:1", "cpu;a=1;a=2"),
        (b"cpu,a=1", b"a:1", "cpu;a=1"),
        (b"one,two", b"", "onetwo"),
        (b"one,k=v,two", b"", "onek=vtwo"),
        (b"cpu;a=1,b=2", b"", "cpu;a=1b=2"),
        (b"cpu;;a=1;", b"", "cpu;a=1"),
    ],
)
def test_tags_of_every_dialect_are_behind_the_name(name: bytes, tags: bytes, written: str) -> None:
    assert series_name(name, tags, sanitise) == written


TAGS = st.lists(st.text("ab:=;, .é", max_size=6).map(str.encode), max_size=5)
CLEANERS = st.sampled_from([sanitise, made_printable])


@given(TAGS, st.randoms(), CLEANERS)
def test_the_order_of_tags_does_not_matter(tags: list[bytes], random: Random, clean: Clean) -> None:
    written = series_name(b"n", b",".join(tags), clean)
    whole = b",".join(tags).split(b",")
    random.shuffle(whole)
    assert series_name(b"n", b",".join(whole), clean) == written


@given(st.binary(), st.binary(), CLEANERS)
def test_a_name_once_written_is_written_the_same_again(
    name: bytes, tags: bytes, clean: Clean
) -> None:
    written = series_name(name, tags, clean)
    if written is not None and "," not in written:
        assert series_name(written.encode(), b"", clean) == written


@given(st.binary(), st.binary(), CLEANERS)
def test_no_name_breaks_a_line(name: bytes, tags: bytes, clean: Clean) -> None:
    written = series_name(name, tags, clean)
    if written is not None:
        assert written.isprintable()
        assert written.split() == [written]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("tâche/à faire (1)".encode(), "tâche/à_faire_(1)"),
        (b"a\x00b\x7f\xffc", "abc"),
        ("a\N{NO-BREAK SPACE}b\N{LINE SEPARATOR}c".encode(), "a_b_c"),
        (b"a..b", "a.b"),
    ],
)
def test_a_name_that_is_not_sanitised_is_kept_but_for_what_breaks_lines(
    name: bytes, written: str
) -> None:
    assert series_name(name, b"", made_printable) == written
