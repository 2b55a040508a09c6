"""Passwords are checked off the loop, once for all that ask alike, and remembered for a while."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from celeryscope.access.credentials import Basic
from celeryscope.access.keyring import Keyring
from celeryscope.access.passwords import Password
from celeryscope.access.verifier import BusyError, Verifier
from support.access import PASSWORD, quick

KEYRING = Keyring({"alice": quick(PASSWORD)}, ())
RIGHT, WRONG = Basic("alice", PASSWORD), Basic("alice", "wrong")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Checks:
    """Counts the checks that are made, and may hold them up."""

    def __init__(self) -> None:
        self.made = 0
        self.may_go_on = Event()
        self.may_go_on.set()


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    found, matches = Checks(), Password.matches

    def counted(self: Password, password: str) -> bool:
        found.made += 1
        assert found.may_go_on.wait(10)
        return matches(self, password)

    monkeypatch.setattr(Password, "matches", counted)
    return found


@contextmanager
def held_up(checks: Checks) -> Iterator[None]:
    checks.may_go_on.clear()
    try:
        yield
    finally:
        checks.may_go_on.set()


def told(verifier: Verifier, *given: Basic, keyring: Keyring = KEYRING) -> list[bool]:
    async def ask() -> list[bool]:
        return await asyncio.gather(*(verifier.is_right(one, keyring) for one in given))

    return asyncio.run(ask())


def test_only_the_right_password_of_a_known_user_is_right() -> None:
    assert told(Verifier(), RIGHT, WRONG, Basic("bob", PASSWORD)) == [True, False, False]


def test_an_unknown_user_is_checked_as_a_known_one_is(checks: Checks) -> None:
    told(Verifier(), Basic("bob", PASSWORD))
    assert checks.made == 1


def test_an_answer_is_remembered_for_five_minutes(checks: Checks) -> None:
    clock = Clock()
    verifier = Verifier(clock)
    for now, made in ((0.0, 2), (301.0, 4), (302.0, 4)):
        clock.now = now
        assert told(verifier, RIGHT, WRONG) == [True, False]
        assert checks.made == made


def test_who_goes_on_asking_is_checked_once_and_a_guess_again(checks: Checks) -> None:
    clock = Clock()
    verifier = Verifier(clock)
    for now, made in ((0.0, 2), (299.0, 2), (598.0, 3), (897.0, 3)):
        clock.now = now
        assert told(verifier, RIGHT, WRONG) == [True, False]
        assert checks.made == made


def test_a_new_password_makes_the_old_one_wrong_at_once() -> None:
    verifier = Verifier()
    assert told(verifier, RIGHT) == [True]
    assert told(verifier, RIGHT, keyring=Keyring({"alice": quick("new")}, ())) == [False]
    assert told(verifier, RIGHT, keyring=Keyring({}, ())) == [False]


def test_those_who_ask_alike_wait_for_one_check(checks: Checks) -> None:
    assert told(Verifier(), *[RIGHT] * 20) == [True] * 20
    assert checks.made == 1


def test_the_loop_goes_on_and_few_may_wait(checks: Checks) -> None:
    verifier = Verifier()

    async def crowd() -> None:
        assert await verifier.is_right(RIGHT, KEYRING)
        with held_up(checks):
            guesses = [
                asyncio.create_task(verifier.is_right(Basic("alice", str(n)), KEYRING))
                for n in range(16)
            ]
            await asyncio.sleep(0)
            with pytest.raises(BusyError):
                await verifier.is_right(Basic("alice", "one too many"), KEYRING)
            assert await verifier.is_right(RIGHT, KEYRING)
        assert not any(await asyncio.gather(*guesses))
        assert not await verifier.is_right(Basic("alice", "there is room again"), KEYRING)

    asyncio.run(crowd())


def test_a_client_that_goes_away_takes_nobodys_answer_along(checks: Checks) -> None:
    verifier = Verifier()

    async def two() -> bool:
        with held_up(checks):
            gone, stays = (asyncio.create_task(verifier.is_right(RIGHT, KEYRING)) for _ in range(2))
            await asyncio.sleep(0)
            gone.cancel()
        return await stays

    assert asyncio.run(two())


def test_all_other_threads_go_before_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def niceness(_: Password, __: str) -> bool:
        seen.append(os.nice(0))
        return True

    monkeypatch.setattr(Password, "matches", niceness)
    told(Verifier(), RIGHT)
    assert seen == [min(os.nice(0) + 10, 19)]


def test_checks_are_made_where_a_sandbox_forbids_to_step_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(_: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "nice", forbidden)
    assert told(Verifier(), RIGHT, WRONG) == [True, False]


def test_guesses_push_no_right_answer_out(checks: Checks) -> None:
    verifier = Verifier()
    assert told(verifier, RIGHT) == [True]
    for n in range(1100):
        told(verifier, Basic("alice", str(n)))
    before = checks.made
    assert told(verifier, RIGHT) == [True]
    assert checks.made == before
