"""The Authorization header: a user with a password, or a token."""

from base64 import b64decode
from dataclasses import dataclass, field

from celeryscope.access.passwords import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Basic:
    """A user's name and password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token."""

    token: str = field(repr=False)


def read(header: str) -> Basic | Bearer | None:
    """Return what a header's value holds; None if that is neither, or too long to be tried."""
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if not value or len(value) > 2 * MAX_BYTES:
        return None
    match scheme.lower():
        case "basic":
            return _basic(value)
        case "bearer":
            return Bearer(value)
        case _:
            return None


def _basic(value: str) -> Basic | None:
    try:
        user, colon, password = b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    if not colon or len(password.encode()) > MAX_BYTES:
        return None
    return Basic(user, password)
