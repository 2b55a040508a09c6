"""The commands below `celeryscope access`, which write the access file.

A password never stands on a command line, where every user of the machine could read it.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from celeryscope.access import entries, tokens
from celeryscope.access.entries import BadAccessError, Entry, Kind
from celeryscope.access.keyring import read_entries, rewrite
from celeryscope.access.passwords import MAX_BYTES, Password
from celeryscope.settings import SettingsError, load_settings

_LEAST_LETTERS = 8

_file = click.option(
    "--file",
    "given",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The access file.  [setting: access_file]",
)
_config = click.option(
    "--config", type=click.Path(path_type=Path), help="The server's file of settings."
)


def _name(_context: click.Context, _option: click.Parameter, text: str) -> str:
    try:
        return entries.name_of(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}") from error


_named = click.argument("name", callback=_name)


@click.group()
def access() -> None:
    """Say who is let in: the users and tokens of an access file.

    A running server reads the file again when it has changed.
    """


@access.command(name="add-user")
@_named
@_file
@_config
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(name: str, given: Path | None, config: Path | None, *, password_stdin: bool) -> None:
    """Let a user in by a password that is asked for; a user who is there gets a new one."""
    path = _path(given, config)
    password = _read_password() if password_stdin else _ask_password(name)
    _put(path, Entry(Kind.USER, name, str(Password.of(password))))


@access.command(name="add-token")
@_named
@_file
@_config
def add_token(name: str, given: Path | None, config: Path | None) -> None:
    """Let a program in by a new token, which is printed this once and kept nowhere."""
    token = tokens.new_token()
    _put(_path(given, config), Entry(Kind.TOKEN, name, tokens.digest(token)))
    click.echo(token)


@access.command(name="list")
@_file
@_config
def list_(given: Path | None, config: Path | None) -> None:
    """Print the kind and the name of each entry."""
    for entry in _entries(_path(given, config)):
        click.echo(f"{entry.kind.value} {entry.name}")


@access.command()
@_named
@_file
@_config
def remove(name: str, given: Path | None, config: Path | None) -> None:
    """Let a user or a token in no more."""
    path = _path(given, config)
    if name not in {entry.name for entry in _entries(path)}:
        _fail(f"{path} has no entry named {name}")
    _rewrite(path, name, None)


def _put(path: Path, entry: Entry) -> None:
    kinds = {one.name: one.kind for one in _entries(path, may_be_new=True)}
    if kinds.get(entry.name, entry.kind) is not entry.kind:
        _fail(f"{path} has a {kinds[entry.name].value} named {entry.name}: remove it first")
    _rewrite(path, entry.name, entry)
    done = "has a new secret" if entry.name in kinds else "is added"
    click.echo(f"{entry.kind.value} {entry.name} {done} in {path}", err=True)


def _ask_password(name: str) -> str:
    while True:
        asked: str = click.prompt(
            f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True
        )
        if not (wrong := _wrong(asked)):
            return asked
        click.echo(wrong, err=True)


def _read_password() -> str:
    password = sys.stdin.readline().removesuffix("\n")
    if wrong := _wrong(password):
        _fail(wrong)
    return password


def _wrong(password: str) -> str:
    if len(password) < _LEAST_LETTERS or len(password.encode()) > MAX_BYTES:
        return (
            f"allowed are passwords of {_LEAST_LETTERS} letters or more, {MAX_BYTES} bytes at most"
        )
    return ""


def _path(given: Path | None, config: Path | None) -> Path:
    options = {} if given is None else {"access_file": str(given)}
    try:
        path = load_settings(options, os.environ, config).access_file
    except SettingsError as error:
        _fail(str(error))
    if path is None:
        _fail("which file? Say --file FILE, or set access_file")
    return path


def _entries(path: Path, *, may_be_new: bool = False) -> tuple[Entry, ...]:
    if may_be_new and not path.exists():
        return ()
    try:
        return read_entries(path)
    except BadAccessError as error:
        _fail(str(error))


def _rewrite(path: Path, name: str, entry: Entry | None) -> None:
    try:
        rewrite(path, name, entry)
    except OSError as error:
        _fail(f"{path} cannot be written ({error.strerror})")


def _fail(message: str) -> NoReturn:
    click.echo(f"celeryscope: {message}", err=True)
    sys.exit(2)
