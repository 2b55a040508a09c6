"""The access file: one line an entry, the rest is blank or a comment.

# who          name     what is kept of the secret
user           alice    $scrypt$ln=14,r=8,p=5$SALT$KEY
token          grafana  $sha256$DIGEST
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum, auto

from celeryscope.access import tokens
from celeryscope.access.passwords import Password

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")
_WORDS = 3


class BadAccessError(Exception):
    """An access file cannot be used; the message names the line and never what is secret in it."""


class Kind(StrEnum):
    """What an entry lets in, by the first word of its line."""

    USER = auto()
    TOKEN = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `kept` is what is kept of the password or the token."""

    kind: Kind
    name: str
    kept: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name} {self.kept}"


def name_of(text: str) -> str:
    """Return `text` if an entry may be named so.

    Raises:
        ValueError: It may not.
    """
    if not _NAME.match(text):
        raise ValueError("allowed are up to 64 letters, digits and '.', '_', '-', '@', '+'")
    return text


def parse(text: str) -> tuple[Entry, ...]:
    """Return a file's entries.

    Raises:
        BadAccessError: A line is none, or a name stands there twice.
    """
    entries: dict[str, Entry] = {}
    for number, words in _lines(text):
        try:
            entry = _entry(words)
        except ValueError as error:
            raise BadAccessError(f"line {number}: {error}") from None
        if entry.name in entries:
            raise BadAccessError(f"line {number}: {entry.name} stands there twice")
        entries[entry.name] = entry
    return tuple(entries.values())


def replaced(text: str, name: str, entry: Entry | None) -> str:
    """Return a file's text with another entry of a name, or none; all other lines stay."""
    lines = text.splitlines()
    places = [number - 1 for number, words in _lines(text) if words[1:2] == [name]]
    new = [] if entry is None else [str(entry)]
    at = slice(places[0], places[0] + 1) if places else slice(len(lines), None)
    lines[at] = new
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield number, words


def _entry(words: list[str]) -> Entry:
    kinds = {kind.value: kind for kind in Kind}
    if len(words) != _WORDS or words[0] not in kinds:
        raise ValueError("allowed is user NAME HASH or token NAME HASH")
    kind, name, kept = kinds[words[0]], name_of(words[1]), words[2]
    check: Callable[[str], object] = Password.parse if kind is Kind.USER else tokens.checked
    return Entry(kind, name, str(check(kept)))
