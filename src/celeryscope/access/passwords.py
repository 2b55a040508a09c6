"""Passwords as they are kept: salted, and slow to guess.

$scrypt$ln=14,r=8,p=5$SALT$KEY   salt and key in base64 without padding, n is 2**ln
"""

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Self

MAX_BYTES = 1024
_SALT_BYTES = 16
_KEY_BYTES = 32
# A fifth of a second of one core and 16 MB: OWASP's smallest in memory of several alike.
_LN, _R, _P = 14, 8, 5
# What a file may ask of this process: 256 MB.
_MAX_BLOCKS = 2**21
_MAX_P = 16
# What scrypt itself asks of n: that it be smaller than 2**(128 * r / 8).
_LN_A_BLOCK = 16
_WRITTEN = re.compile(
    r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})\Z"
)


@dataclass(frozen=True, slots=True)
class Password:
    """A password's key, from which nobody gets it back."""

    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)
    ln: int = _LN
    r: int = _R
    p: int = _P

    @classmethod
    def of(cls, password: str) -> Self:
        """Return the key of a password with a salt of its own."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return cls(salt, _derived(password, salt, _LN, _R, _P))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what `text` holds.

        Raises:
            ValueError: It is not of this form, or asks for more memory or time than is sane.
        """
        match = _WRITTEN.match(text)
        if match is None:
            raise ValueError("allowed is $scrypt$ln=14,r=8,p=5$SALT$KEY")
        ln, r, p = (int(match[part]) for part in (1, 2, 3))
        if not (ln and r and p) or 2**ln * r > _MAX_BLOCKS or p > _MAX_P:
            raise ValueError(f"allowed is scrypt of at most 256 MB and p={_MAX_P}")
        if ln >= _LN_A_BLOCK * r:
            raise ValueError(f"allowed is scrypt with ln below {_LN_A_BLOCK} times r")
        return cls(_decoded(match[4]), _decoded(match[5]), ln, r, p)

    def __str__(self) -> str:
        salt, key = _encoded(self.salt), _encoded(self.key)
        return f"$scrypt$ln={self.ln},r={self.r},p={self.p}${salt}${key}"

    def matches(self, password: str) -> bool:
        """Tell whether `password` is the one; takes a fraction of a second without the GIL."""
        derived = _derived(password, self.salt, self.ln, self.r, self.p)
        return hmac.compare_digest(derived, self.key)


def _derived(password: str, salt: bytes, ln: int, r: int, p: int) -> bytes:
    needed = 128 * r * (2**ln + p + 2)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=2**ln, r=r, p=p, maxmem=needed, dklen=_KEY_BYTES
    )


def _encoded(raw: bytes) -> str:
    return b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4))
