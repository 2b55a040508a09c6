"""The access file: its lines, and its being read again."""

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.access import entries, tokens
from celeryscope.access.entries import BadAccessError, Entry, Kind
from celeryscope.access.keyring import AccessFile, read_entries, rewrite
from support.access import PASSWORD, TOKEN, access_text, quick

OTHER = Entry(Kind.TOKEN, "grafana", tokens.digest("csk_other"))
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,20}", fullmatch=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "access"
    path.write_text(access_text())
    path.chmod(0o600)
    return path


def test_a_file_says_who_is_let_in(file: Path) -> None:
    keyring = AccessFile(file).keyring()
    assert keyring.users["alice"].matches(PASSWORD)
    assert tokens.is_among(TOKEN, keyring.tokens)


def test_comments_and_blank_lines_say_nothing() -> None:
    assert entries.parse("\n  # user nobody\n\t\n") == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("user alice", "line 2: allowed is user NAME HASH or token NAME HASH"),
        ("admin alice x", "line 2: allowed is user NAME HASH or token NAME HASH"),
        ("user alice hunter2", "line 2: allowed is $scrypt$"),
        ("token ci hunter2", "line 2: allowed is $sha256$"),
        (f"user a:b {quick('x')}", "line 2: allowed are up to 64 letters"),
        (f"token root {tokens.digest('hunter2')}", "line 2: root stands there twice"),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_without_its_secret(line: str, message: str) -> None:
    with pytest.raises(BadAccessError) as raised:
        entries.parse(f"token root {tokens.digest('x')}\n{line}\n")
    assert str(raised.value).startswith(message)
    assert "hunter2" not in str(raised.value)


def test_an_entry_shows_no_part_of_its_secret() -> None:
    assert OTHER.kept not in repr(OTHER)


@given(st.lists(names, unique=True), names)
def test_an_entry_is_put_in_once_and_all_others_stay(others: list[str], name: str) -> None:
    text = "# ours\n" + "".join(f"{Entry(Kind.TOKEN, one, OTHER.kept)}\n" for one in others)
    new = Entry(Kind.USER, name, str(quick("x")))
    put = entries.replaced(text, name, new)
    assert put.startswith("# ours\n")
    assert {one.name for one in entries.parse(put)} == {*others, name}
    assert new in entries.parse(put)
    without = entries.replaced(put, name, None)
    assert {one.name for one in entries.parse(without)} == set(others) - {name}


def test_a_file_that_changed_is_read_again(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    access = AccessFile(file)
    rewrite(file, "grafana", OTHER)
    assert tokens.is_among("csk_other", access.keyring().tokens)
    assert not tokens.is_among(TOKEN, access.keyring().tokens)
    assert [record.message for record in caplog.records] == [f"access_file {file} was read again"]


@pytest.mark.parametrize("broken", ["user alice\n", "\udcff", None])
def test_a_file_that_broke_changes_nothing_and_is_told_of_once(
    file: Path, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    access = AccessFile(file)
    if broken is None:
        file.unlink()
    else:
        file.write_bytes(broken.encode(errors="surrogateescape"))
    assert access.keyring().users.keys() == {"alice"}
    assert access.keyring().users.keys() == {"alice"}
    (record,) = caplog.records
    assert record.message.endswith("; what was read of it before still holds")
    file.write_text(f"user bob {quick('x')}\n")
    assert access.keyring().users.keys() == {"bob"}


@pytest.mark.parametrize("content", [b"user alice\n", b"\xff", None])
def test_a_server_does_not_begin_with_a_broken_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "access"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadAccessError, match=f"access_file {path}"):
        AccessFile(path)


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_all_may_read_is_warned_of(
    file: Path, mode: int, caplog: pytest.LogCaptureFixture, *, is_open: bool
) -> None:
    file.chmod(mode)
    AccessFile(file)
    assert ["every user of this machine" in record.message for record in caplog.records] == [
        True
    ] * is_open


def test_a_file_without_entries_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = tmp_path / "access"
    empty.touch(mode=0o600)
    AccessFile(empty)
    assert "has no entries, so it lets nobody in" in caplog.text


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    rewrite(tmp_path / "access", "grafana", OTHER)
    assert (tmp_path / "access").stat().st_mode & 0o777 == 0o600
    assert read_entries(tmp_path / "access") == (OTHER,)


def test_a_file_that_is_there_keeps_its_mode_and_its_place_behind_a_link(
    file: Path, tmp_path: Path
) -> None:
    file.chmod(0o640)
    (tmp_path / "link").symlink_to(file)
    rewrite(tmp_path / "link", "grafana", OTHER)
    assert (tmp_path / "link").is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert OTHER in read_entries(file)


def test_a_rewrite_that_fails_leaves_the_file_and_nothing_beside_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        rewrite(file, "grafana", OTHER)
    assert file.read_text() == access_text()
    assert list(file.parent.iterdir()) == [file]
