"""`celeryscope access`: who is let in, said without a secret on a command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from celeryscope.access import tokens
from celeryscope.access.entries import Kind
from celeryscope.access.keyring import Keyring, read_entries
from celeryscope.commands import celeryscope

PASSWORD = "correct horse"


def run(file: Path, *arguments: str, typed: str = "", code: int = 0) -> Result:
    result = CliRunner().invoke(
        celeryscope, ["access", *arguments, "--file", str(file)], input=typed
    )
    assert result.exit_code == code, result.output
    return result


def test_a_password_is_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "access"
    result = run(file, "add-user", "alice", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert PASSWORD not in result.output
    assert result.stderr.endswith(f"user alice is added in {file}\n")
    assert result.stdout == ""
    assert Keyring.of(read_entries(file)).users["alice"].matches(PASSWORD)
    assert PASSWORD not in file.read_text()


def test_a_short_password_is_asked_for_again(tmp_path: Path) -> None:
    typed = f"short\nshort\n{PASSWORD}\n{PASSWORD}\n"
    result = run(tmp_path / "access", "add-user", "alice", typed=typed)
    assert "allowed are passwords of 8 letters or more" in result.stderr


def test_a_program_gives_a_password_on_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "access"
    run(file, "add-user", "alice", "--password-stdin", typed=f"{PASSWORD}\n")
    assert Keyring.of(read_entries(file)).users["alice"].matches(PASSWORD)
    result = run(file, "add-user", "bob", "--password-stdin", typed="short\n", code=2)
    assert result.stderr.startswith("celeryscope: allowed are passwords of 8 letters or more")


def test_a_user_who_is_there_gets_a_new_password(tmp_path: Path) -> None:
    file = tmp_path / "access"
    for password in ("first password", PASSWORD):
        result = run(file, "add-user", "alice", "--password-stdin", typed=password)
    assert "user alice has a new secret" in result.stderr
    assert Keyring.of(read_entries(file)).users["alice"].matches(PASSWORD)


def test_a_token_is_printed_once_and_kept_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "access"
    result = run(file, "add-token", "grafana")
    (token,) = result.stdout.splitlines()
    assert tokens.is_among(token, Keyring.of(read_entries(file)).tokens)
    assert token not in file.read_text()
    assert token not in result.stderr


def test_a_list_has_names_and_no_secrets(tmp_path: Path) -> None:
    file = tmp_path / "access"
    run(file, "add-user", "alice", "--password-stdin", typed=PASSWORD)
    run(file, "add-token", "grafana")
    assert run(file, "list").stdout == "user alice\ntoken grafana\n"


def test_what_is_removed_is_let_in_no_more(tmp_path: Path) -> None:
    file = tmp_path / "access"
    run(file, "add-token", "grafana")
    run(file, "remove", "grafana")
    assert read_entries(file) == ()
    result = run(file, "remove", "grafana", code=2)
    assert result.stderr == f"celeryscope: {file} has no entry named grafana\n"


def test_a_name_stands_for_one_entry(tmp_path: Path) -> None:
    file = tmp_path / "access"
    run(file, "add-token", "ci")
    result = run(file, "add-user", "ci", "--password-stdin", typed=PASSWORD, code=2)
    assert result.stderr == f"celeryscope: {file} has a token named ci: remove it first\n"
    assert [entry.kind for entry in read_entries(file)] == [Kind.TOKEN]


def test_a_name_that_none_may_have_is_told(tmp_path: Path) -> None:
    result = run(tmp_path / "access", "add-token", "a:b", code=2)
    assert "'a:b': allowed are up to 64 letters" in result.stderr


def test_the_file_may_be_the_servers_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERYSCOPE_ACCESS_FILE", str(tmp_path / "access"))
    result = CliRunner().invoke(celeryscope, ["access", "add-token", "grafana"])
    assert result.exit_code == 0
    assert len(read_entries(tmp_path / "access")) == 1


def test_without_a_file_it_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELERYSCOPE_ACCESS_FILE", raising=False)
    result = CliRunner().invoke(celeryscope, ["access", "list"])
    assert result.exit_code == 2
    assert result.stderr == "celeryscope: which file? Say --file FILE, or set access_file\n"


def test_a_file_that_cannot_be_read_or_written_is_told_in_one_line(tmp_path: Path) -> None:
    result = run(tmp_path / "absent", "list", code=2)
    assert "No such file or directory" in result.stderr
    result = run(tmp_path / "absent" / "access", "add-token", "ci", code=2)
    assert "absent/access cannot be written (No such file or directory)" in result.stderr
    assert result.stdout == ""
