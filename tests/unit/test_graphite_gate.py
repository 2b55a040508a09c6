import asyncio
from collections.abc import Awaitable, Callable
from threading import Event

import pytest
from starlette.requests import Request

from celeryscope.graphite.budget import Budget, LimitError, Limits
from celeryscope.graphite.gate import BusyError, Gate, GoneError

DEADLINE = 10.0


class Client:
    """A client that sent all of its request, and stays until it goes."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()
        self._sent = False

    @property
    def request(self) -> Request:
        return Request({"type": "http"}, self._receive)

    def go(self) -> None:
        self._gone.set()

    async def _receive(self) -> dict[str, object]:
        if not self._sent:
            self._sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}


class Work:
    """Keeps its thread until it is done, or its budget is at its end."""

    def __init__(self) -> None:
        self.begun = Event()
        self.done = Event()
        self.interrupts = 0

    def __call__(self, budget: Budget) -> str:
        self.begun.set()
        with budget.interrupting(self._interrupt):
            assert self.done.wait(DEADLINE)
            if self.interrupts:
                raise InterruptedError
        return "answer"

    def _interrupt(self) -> None:
        """End at the second interrupt: the first came too early to be noticed."""
        self.interrupts += 1
        if self.interrupts > 1:
            self.done.set()


def run(claim: Callable[[], Awaitable[None]]) -> None:
    async def within_time() -> None:
        await asyncio.wait_for(claim(), DEADLINE)

    asyncio.run(within_time())


async def until(event: Event) -> None:
    assert await asyncio.to_thread(event.wait, DEADLINE)


def test_work_is_answered() -> None:
    async def claim() -> None:
        assert await Gate().run(Client().request, lambda _: "answer") == "answer"

    run(claim)


def test_what_goes_wrong_is_told() -> None:
    async def claim() -> None:
        with pytest.raises(ZeroDivisionError):
            await Gate().run(Client().request, lambda _: 1 / 0)

    run(claim)


def test_work_is_interrupted_until_it_ends_when_its_time_is_up() -> None:
    async def claim() -> None:
        work = Work()
        with pytest.raises(LimitError, match="max_query_time"):
            await Gate(Limits(seconds=0.1)).run(Client().request, work)
        assert work.interrupts > 1

    run(claim)


def test_work_is_interrupted_when_its_client_goes() -> None:
    async def claim() -> None:
        client, work = Client(), Work()
        running = asyncio.create_task(Gate().run(client.request, work))
        await until(work.begun)
        client.go()
        with pytest.raises(GoneError):
            await running

    run(claim)


def noting(order: list[int], place: int) -> Callable[[Budget], str]:
    def note(_: Budget) -> str:
        order.append(place)
        return "answer"

    return note


def test_those_beyond_the_limit_wait_in_order() -> None:
    async def claim() -> None:
        gate, first = Gate(Limits(at_once=1)), Work()
        order: list[int] = []
        running = [asyncio.create_task(gate.run(Client().request, first))]
        await until(first.begun)
        running += [
            asyncio.create_task(gate.run(Client().request, noting(order, n))) for n in range(9)
        ]
        await asyncio.sleep(0)
        assert order == []
        first.done.set()
        await asyncio.gather(*running)
        assert order == list(range(9))

    run(claim)


def test_a_client_that_goes_leaves_the_line_and_takes_no_turn() -> None:
    async def claim() -> None:
        gate, first, client = Gate(Limits(at_once=1)), Work(), Client()
        running = asyncio.create_task(gate.run(Client().request, first))
        await until(first.begun)
        waiting = asyncio.create_task(gate.run(client.request, lambda _: "never"))
        await asyncio.sleep(0)
        client.go()
        with pytest.raises(GoneError):
            await waiting
        first.done.set()
        assert await running == "answer"
        assert await gate.run(Client().request, lambda _: "next") == "next"

    run(claim)


@pytest.mark.parametrize("moments", range(5))
def test_a_request_that_is_cancelled_as_its_turn_comes_gives_it_back(moments: int) -> None:
    async def claim() -> None:
        gate, first = Gate(Limits(at_once=1)), Work()
        running = asyncio.create_task(gate.run(Client().request, first))
        await until(first.begun)
        waiting = asyncio.create_task(gate.run(Client().request, lambda _: "never"))
        await asyncio.sleep(0)
        first.done.set()
        await running
        for _ in range(moments):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await gate.run(Client().request, lambda _: "next") == "next"

    run(claim)


def test_waiting_takes_from_the_same_time() -> None:
    async def claim() -> None:
        gate, first = Gate(Limits(seconds=0.2, at_once=1)), Work()
        running = asyncio.create_task(gate.run(Client().request, first))
        await until(first.begun)
        with pytest.raises(LimitError, match="max_query_time"):
            await gate.run(Client().request, lambda _: "never")
        with pytest.raises(LimitError, match="max_query_time"):
            await running

    run(claim)


def test_a_line_that_is_full_takes_no_more() -> None:
    async def claim() -> None:
        gate, first = Gate(Limits(at_once=1)), Work()
        running = [asyncio.create_task(gate.run(Client().request, first))]
        await until(first.begun)
        running += [
            asyncio.create_task(gate.run(Client().request, lambda _: "answer")) for _ in range(16)
        ]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await gate.run(Client().request, lambda _: "never")
        first.done.set()
        assert await asyncio.gather(*running) == ["answer"] * 17

    run(claim)


def test_a_server_that_ends_ends_what_is_at_work() -> None:
    async def claim() -> None:
        work = Work()
        running = asyncio.create_task(Gate().run(Client().request, work))
        await until(work.begun)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert work.interrupts == 1
        work.done.set()

    run(claim)
