"""Checking passwords without holding anything up.

A check takes a fifth of a second, so that guessing is slow. It runs on one thread of its own, off
the event loop, without the GIL and after all other threads; few may wait for it; equal ones are
made once; and an answer is remembered for some minutes, a right one after its last use, right ones
and wrong ones apart, so that wrong ones push no right one out. What is remembered is a keyed hash.
"""

import asyncio
import hmac
import os
import secrets
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from celeryscope.access.credentials import Basic
from celeryscope.access.keyring import Keyring
from celeryscope.access.passwords import Password

_MAX_WAITING = 16
_REMEMBERED = 1000
_REMEMBERED_SECONDS = 300.0
_KEY_BYTES = 32
_NICENESS = 10


class BusyError(Exception):
    """Too many passwords wait to be checked."""


class Verifier:
    """Tells whether a user's password is right."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secrets.token_bytes(_KEY_BYTES)
        # Whoever is unknown takes as long to refuse as whoever is known.
        self._nobody = Password(secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_KEY_BYTES))
        self._right = _Memory(clock)
        self._wrong = _Memory(clock)
        self._under_way: dict[bytes, asyncio.Future[bool]] = {}
        self._pool = ThreadPoolExecutor(1, "password-check", initializer=_step_back)

    async def is_right(self, given: Basic, keyring: Keyring) -> bool:
        """Tell whether `given` is a user of the keyring with the password that it has now.

        Raises:
            BusyError: Too many others wait.
        """
        password = keyring.users.get(given.user)
        asked = self._hash(given, password or self._nobody)
        if asked in self._right:
            # Whoever goes on asking need not stand in line with those who guess.
            self._right.add(asked)
            return True
        if asked in self._wrong:
            return False
        return await asyncio.shield(self._check(asked, given, password))

    def _check(self, asked: bytes, given: Basic, password: Password | None) -> asyncio.Future[bool]:
        if asked not in self._under_way:
            if len(self._under_way) >= _MAX_WAITING:
                raise BusyError
            tried = password or self._nobody
            check = asyncio.get_running_loop().run_in_executor(
                self._pool, tried.matches, given.password
            )
            self._under_way[asked] = check
            check.add_done_callback(lambda done: self._remember(asked, done))
        return self._under_way[asked]

    def _remember(self, asked: bytes, done: asyncio.Future[bool]) -> None:
        del self._under_way[asked]
        if not done.cancelled() and not done.exception():
            (self._right if done.result() else self._wrong).add(asked)

    def _hash(self, given: Basic, password: Password) -> bytes:
        """Return what stands for a user's password against the key that it is compared with."""
        parts = (given.user.encode(), given.password.encode(), password.salt + password.key)
        framed = b"".join(len(part).to_bytes(4) + part for part in parts)
        return hmac.digest(self._secret, framed, "sha256")


def _step_back() -> None:
    """Let the threads that receive and answer go first where processors are scarce."""
    # Elsewhere niceness is the whole process's.
    if sys.platform == "linux":
        # A sandbox may forbid it, as systemd's @resources does.
        with suppress(PermissionError):
            os.nice(_NICENESS)


class _Memory:
    """What was added in the last minutes, the newest thousand."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def add(self, one: bytes) -> None:
        self._until[one] = self._clock() + _REMEMBERED_SECONDS
        self._until.move_to_end(one)
        if len(self._until) > _REMEMBERED:
            self._until.popitem(last=False)

    def __contains__(self, one: bytes) -> bool:
        return self._clock() < self._until.get(one, 0.0)
