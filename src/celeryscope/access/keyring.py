"""The access file as the server has it: read at the start, and again whenever it has changed."""

import logging
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Self

from celeryscope.access import entries
from celeryscope.access.entries import BadAccessError, Entry, Kind
from celeryscope.access.passwords import Password

_LOGGER = logging.getLogger(__name__)
# Of all that are not its owner or of its group.
_OTHERS = stat.S_IROTH | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Keyring:
    """Whom a file lets in: passwords by user, and the digests of tokens."""

    users: Mapping[str, Password]
    tokens: tuple[str, ...]

    @classmethod
    def of(cls, found: tuple[Entry, ...]) -> Self:
        users = {one.name: Password.parse(one.kept) for one in found if one.kind is Kind.USER}
        return cls(users, tuple(one.kept for one in found if one.kind is Kind.TOKEN))


class AccessFile:
    """Reads the file anew when it is another one; one that cannot be read changes nothing."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BadAccessError: It cannot be read, or a line of it is wrong.
        """
        self.path = path
        self._state = _state(path)
        self._keyring = Keyring.of(read_entries(path))
        self._warn()

    def keyring(self) -> Keyring:
        """Return what the file says now; safe to call from one thread only."""
        state = _state(self.path)
        if state != self._state:
            self._state = state
            self._reload()
        return self._keyring

    def _reload(self) -> None:
        try:
            self._keyring = Keyring.of(read_entries(self.path))
        except BadAccessError as error:
            _LOGGER.warning("%s; what was read of it before still holds", error)
        else:
            _LOGGER.info("access_file %s was read again", self.path)
            self._warn()

    def _warn(self) -> None:
        if self._state and self._state[0] & _OTHERS:
            _LOGGER.warning(
                "access_file %s can be read or written by every user of this machine; "
                "`chmod 640` leaves it to its owner and its group",
                self.path,
            )
        if not (self._keyring.users or self._keyring.tokens):
            _LOGGER.warning("access_file %s has no entries, so it lets nobody in", self.path)


def _state(path: Path) -> tuple[int, int, int, int] | None:
    """Return what changes with a file's content: mode, inode, size and time; None without one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Return a file's entries.

    Raises:
        BadAccessError: It cannot be read, or a line of it is wrong.
    """
    try:
        return entries.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadAccessError(f"access_file {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise BadAccessError(f"access_file {path} is no text of UTF-8") from None
    except BadAccessError as error:
        raise BadAccessError(f"access_file {path}, {error}") from None


def rewrite(path: Path, name: str, entry: Entry | None) -> None:
    """Put another entry of a name into a file, or none, so that a reader sees all or nothing.

    A new file is its owner's alone; one that is there keeps its mode, and its owner if it may.

    Raises:
        OSError: The file or its folder cannot be written.
    """
    path = path.resolve()
    old = path.stat() if path.exists() else None
    text = entries.replaced(path.read_text(encoding="utf-8") if old else "", name, entry)
    new, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(new, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if old:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise
