"""Lets requests in: so many at a time, each in a thread, until it is done or has to end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from celeryscope.graphite.budget import DEFAULT_LIMITS, Budget, Limits
from celeryscope.store.stop import Stop

RETRY_SECONDS = 5
NOBODY_WAITS = 499
"""What nginx calls a request whose client has gone; no client sees it."""

_WAITING_FOR_ONE = 16
_AGAIN_SECONDS = 0.05

T = TypeVar("T")


class BusyError(Exception):
    """More requests wait than are ever waited for."""


class GoneError(Exception):
    """The client has gone, or the server is about to."""


class Gate:
    """Runs what answers requests; those beyond `limits.at_once` wait in order.

    It belongs to one event loop.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.at_once)
        self._waiting = 0

    async def run(self, request: Request, work: Callable[[Budget], T]) -> T:
        """Return what work in a thread makes; it has to charge its budget, which may end it.

        Nothing else may read the request meanwhile.

        Raises:
            BusyError: Too many wait already.
            LimitError: The time is up, in the line or at work.
            GoneError: The client has gone.
        """
        budget = Budget(self._limits)
        watch = asyncio.create_task(_end_in_time(request, budget))
        try:
            async with self._turn(budget):
                return await run_in_threadpool(work, budget)
        finally:
            watch.cancel()
            budget.stop(GoneError())  # a thread that is left behind as the server ends

    @asynccontextmanager
    async def _turn(self, stop: Stop) -> AsyncIterator[None]:
        if self._waiting >= _WAITING_FOR_ONE * self._limits.at_once:
            raise BusyError
        turn = asyncio.ensure_future(self._free.acquire())
        try:
            await self._line(turn, stop)
            yield
        finally:
            # It may have come in the moment in which nobody wanted it any more.
            if not turn.cancel() and not turn.cancelled():
                self._free.release()

    async def _line(self, turn: asyncio.Future[Literal[True]], stop: Stop) -> None:
        self._waiting += 1
        try:
            with stop.interrupting(turn.cancel):
                await turn
        finally:
            self._waiting -= 1


async def _end_in_time(request: Request, budget: Budget) -> None:
    """Stop the work when its time is up or its client goes, again until it ends."""
    try:
        async with asyncio.timeout(budget.seconds_left):
            while (await request.receive())["type"] != "http.disconnect":
                continue
        budget.stop(GoneError())
    except TimeoutError:
        budget.time_is_up()
    while True:
        await asyncio.sleep(_AGAIN_SECONDS)
        budget.stop(GoneError())
