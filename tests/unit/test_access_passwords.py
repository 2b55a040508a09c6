"""What is kept of passwords and tokens, and how they come in."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.access import tokens
from celeryscope.access.credentials import Basic, Bearer, read
from celeryscope.access.passwords import Password
from support.access import basic, bearer, quick

SALT, KEY = "c29tZSBzYWx0IGhlcmU", "A" * 43


def test_a_password_matches_its_own_key_and_no_other_does() -> None:
    kept = Password.parse(str(Password.of("correct horse")))
    assert kept.matches("correct horse")
    assert not kept.matches("correct horsf")


def test_the_same_password_is_kept_differently_each_time() -> None:
    first, second = Password.of("correct horse"), Password.of("correct horse")
    assert first.salt != second.salt
    assert first.key != second.key


def test_what_is_kept_costs_a_guess_sixteen_megabytes_five_times() -> None:
    assert str(Password.of("correct horse")).startswith("$scrypt$ln=14,r=8,p=5$")


@given(st.text(), st.text())
def test_any_text_can_be_a_password(password: str, other: str) -> None:
    kept = Password.parse(str(quick(password)))
    assert kept.matches(password)
    assert kept.matches(other) == (password == other)


@pytest.mark.parametrize(
    "text",
    [
        "correct horse",
        f"$scrypt$ln=14,r=8,p=5${SALT}",
        f"$scrypt$ln=0,r=8,p=5${SALT}${KEY}",
        f"$scrypt$ln=14,r=8,p=0${SALT}${KEY}",
        f"$scrypt$ln=30,r=8,p=5${SALT}${KEY}",
        f"$scrypt$ln=16,r=1,p=5${SALT}${KEY}",
        f"$scrypt$ln=14,r=8,p=99${SALT}${KEY}",
        f"$argon2id$ln=14,r=8,p=5${SALT}${KEY}",
        f"$scrypt$ln=14,r=8,p=5${SALT}${KEY}\n",
    ],
)
def test_what_is_no_key_of_sane_cost_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        Password.parse(text)


def test_a_password_shows_no_part_of_its_key() -> None:
    kept = Password.of("correct horse")
    assert "key" not in repr(kept)
    assert "salt" not in repr(kept)


def test_a_token_is_new_each_time_and_of_256_bits() -> None:
    made = {tokens.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(token.startswith("csk_") and len(token) == 4 + 43 for token in made)


def test_a_token_is_known_by_its_digest_alone() -> None:
    token, other = tokens.new_token(), tokens.new_token()
    digests = [tokens.checked(tokens.digest(one)) for one in (other, token)]
    assert tokens.is_among(token, digests)
    assert not tokens.is_among(tokens.new_token(), digests)
    assert not tokens.is_among(digests[0], digests)
    assert not tokens.is_among(token, [])


@pytest.mark.parametrize("text", ["csk_plain", "$sha256$short", f"$sha256${KEY}x", f"$md5${KEY}"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        tokens.checked(text)


def test_a_header_holds_a_user_with_a_password_or_a_token() -> None:
    assert read(basic("alice", "a:b c")["Authorization"]) == Basic("alice", "a:b c")
    assert read(basic("böse", "ß€")["Authorization"]) == Basic("böse", "ß€")
    assert read(bearer("csk_x")["Authorization"]) == Bearer("csk_x")
    assert read("bearer  csk_x ") == Bearer("csk_x")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Bearer ",
        "Basic !!!",
        "Basic YWxpY2U=",  # a name without a colon
        f"Basic {b64encode(bytes([255, 58])).decode()}",
        f"Basic {b64encode(b'alice:' + b'x' * 1025).decode()}",
        f"Bearer {'x' * 5000}",
        "Digest username=alice",
    ],
)
def test_any_other_header_holds_nobody(header: str) -> None:
    assert read(header) is None


@given(st.text())
def test_no_header_breaks_the_reading(header: str) -> None:
    read(header)
    read(f"Basic {header}")


def test_credentials_show_no_secret() -> None:
    assert "secret" not in repr([Basic("alice", "secret"), Bearer("secret")])
