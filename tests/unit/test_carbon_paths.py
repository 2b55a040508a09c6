import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.carbon import paths
from celeryscope.carbon.paths import MAX_PATH, NewPathError, Paths, cleaned


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("a.b_c-1", "a.b_c-1"),
        (".a..b...c.", "a.b.c"),
        ("a.b;z=1;b=2", "a.b;b=2;z=1"),
        ("a;k=1;k=2", "a;k=2"),
        ("a;k=;=v;k", "a"),
        ("a;name=b", "a"),
        ("a;k=v=w", "a;k=v=w"),
        ("a;k!=~v~", "a;k_=_v~"),
        ("a=b~c", "a_b_c"),
        ('a.b{z="1",b="2"}', "a.b;b=2;z=1"),
        ('a{k="x, \\"y\\""}', "a;k=x___y_"),
        ("a{}", "a"),
        ("a{k=1}", "a_k_1_"),
        ("a*.b?[0]{x,y}", "a_.b__0__x_y_"),
        ("a(b)|'c'\"\\", "a_b___c___"),
        ("a b\tc\nd\0", "a_b_c_d_"),
        ("disk./dev/sda1.50%", "disk./dev/sda1.50%"),
        ("größe.日本", "größe.日本"),
        ("a\ud800", "a_"),
    ],
)
def test_a_path_is_kept_so_that_a_target_can_name_it(raw: str, kept: str) -> None:
    assert cleaned(raw) == kept


@pytest.mark.parametrize(
    "raw", ["", ".", "...", ";k=v", '{k="v"}', "a" * (MAX_PATH + 1), "é" * 251]
)
def test_a_path_of_which_nothing_is_left_or_too_much_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="the path is"):
        cleaned(raw)


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        cleaned(b"a\xff")


@given(st.text() | st.text('ab.;={}"\\,'))
def test_what_is_kept_is_kept_as_it_is(raw: str) -> None:
    try:
        once = cleaned(raw)
    except ValueError:
        return
    assert cleaned(once.encode()) == once
    assert "" not in once.partition(";")[0].split(".")
    assert not set(once) & set(" \t\r\n\0(){},'\"\\|*?[]")


def test_only_so_many_paths_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MAX_KNOWN", 3)
    known = Paths(lambda _: True)
    assert [known[f"a..{i}"] for i in range(10)] == [f"a.{i}" for i in range(10)]
    assert len(known) <= 3


def test_a_path_that_may_not_come_in_is_asked_about_again_one_that_may_is_not() -> None:
    asked: list[str] = []

    def admit(path: str) -> bool:
        asked.append(path)
        return path != "b"

    known = Paths(admit)
    for _ in range(2):
        assert known["..a"] == "a"
        with pytest.raises(NewPathError):
            known["..b"]
    assert asked == ["a", "b", "b"]
