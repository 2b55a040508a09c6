"""Bearer tokens: made here, of 256 random bits, and kept as their SHA-256.

A slow hash protects what people choose. Nobody can try 2**256 tokens, however fast the hash is,
and a fast one lets every scrape and every panel bring its token without a cost to the server.

$sha256$DIGEST   in base64 without padding
"""

import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

# By which scanners of repositories and logs know one.
_PREFIX = "csk_"
_RANDOM_BYTES = 32
_WRITTEN = re.compile(r"\$sha256\$[A-Za-z0-9+/]{43}\Z")


def new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return f"$sha256${b64encode(sha256(token.encode()).digest()).decode().rstrip('=')}"


def checked(text: str) -> str:
    """Return `text` if it is a token's digest.

    Raises:
        ValueError: It is none.
    """
    if not _WRITTEN.match(text):
        raise ValueError("allowed is $sha256$DIGEST")
    return text


def is_among(token: str, digests: Iterable[str]) -> bool:
    """Tell whether a token's digest is one of several, in a time that says nothing of which."""
    asked = digest(token).encode()
    return sum(hmac.compare_digest(asked, one.encode()) for one in digests) > 0
