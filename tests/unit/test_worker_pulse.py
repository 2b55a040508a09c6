from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from celery.concurrency.base import BasePool
from celery.concurrency.solo import TaskPool as SoloPool
from celery.worker import consumer, state

from celeryscope.testing import Captured
from celeryscope.worker import pulse as pulse_module
from celeryscope.worker.datagrams import Places, run_datagrams
from celeryscope.worker.kinds import Kinds, RunKind
from celeryscope.worker.pulse import Pulse, pulse_step
from celeryscope.worker.styles import Place
from celeryscope.worker.tally import Tally
from support.processes import wait_until

WORKER = "celery.worker.celery_host"
ONLINE, POOL_SIZE, BUSY = f"{WORKER}.online", f"{WORKER}.pool_size", f"{WORKER}.busy"


class Timer:
    """A worker's timer that ticks when it is told to."""

    def __init__(self) -> None:
        self.calls: dict[float, Callable[[], None]] = {}

    def call_repeatedly(self, seconds: float, function: Callable[[], None]) -> float:
        self.calls[seconds] = function
        return seconds

    def cancel(self, seconds: float) -> None:
        del self.calls[seconds]


class Consumer(consumer.Consumer):
    """A worker's consumer, as far as its pulse looks at it."""

    def __init__(self, app: Celery, pool: BasePool) -> None:
        self.app = app
        self.pool = pool
        self.hostname = "celery@host"
        self.ticks = Timer()
        vars(self)["timer"] = self.ticks  # read-only to the type checker
        self.steps: list[object] = []


@pytest.fixture
def app() -> Celery:
    return Celery("unit", broker="memory://", set_as_current=False)


@pytest.fixture
def received() -> Tally:
    return Tally()


@pytest.fixture
def heard() -> Captured:
    return Captured()


@pytest.fixture
def pulse(app: Celery, heard: Captured, received: Tally) -> Iterator[Pulse]:
    kinds = Kinds()
    kinds.add(app, {})
    with kinds.captured(app, heard):
        yield Pulse(kinds, received)


@pytest.fixture
def taker(app: Celery) -> Consumer:
    return Consumer(app, BasePool(4, app=app))


def test_it_begins_with_the_consumer_and_goes_on_by_the_workers_timer(
    pulse: Pulse, taker: Consumer, heard: Captured
) -> None:
    pulse_step(pulse)(taker).start(taker)
    first = heard.gauges
    state.active_requests.add(taker)
    try:
        taker.ticks.calls[10.0]()
    finally:
        state.active_requests.discard(taker)

    assert first == {ONLINE: 1, POOL_SIZE: 4, BUSY: 0}
    assert heard.gauges == {ONLINE: 1, POOL_SIZE: 4, BUSY: 1}


def test_each_tick_of_a_second_sends_what_was_received(
    pulse: Pulse, taker: Consumer, received: Tally
) -> None:
    sent: list[bytes] = []
    kind = RunKind(run_datagrams(Places(Place("task"))), sent.append)
    pulse_step(pulse)(taker).start(taker)
    received.flush()
    received.add(kind)
    taker.ticks.calls[1.0]()

    assert sent == [b"task.received:1|c"]


def test_a_lost_connection_stops_it_and_the_next_one_starts_it_again(
    pulse: Pulse, taker: Consumer
) -> None:
    step = pulse_step(pulse)(taker)
    step.start(taker)
    step.stop(taker)
    stopped = dict(taker.ticks.calls)
    step.start(taker)

    assert stopped == {}
    assert sorted(taker.ticks.calls) == [1.0, 10.0]


def test_a_worker_that_ends_says_so_once(pulse: Pulse, taker: Consumer, heard: Captured) -> None:
    pulse.start(taker)
    pulse.end()
    pulse.end()
    pulse.beat()

    assert heard.gauges == {ONLINE: 0, POOL_SIZE: 0, BUSY: 0}
    assert len(heard.lines) == 6


def test_a_pool_of_greenlets_is_as_large_as_its_limit(
    pulse: Pulse, taker: Consumer, heard: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taker.pool, "is_green", True)
    monkeypatch.setattr(BasePool, "num_processes", 0)  # how many run, in Celery's before 5.7
    pulse.start(taker)

    assert heard.gauges[POOL_SIZE] == 4


def test_a_solo_worker_has_a_pulse_while_its_only_thread_is_busy(
    app: Celery, pulse: Pulse, heard: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse_module, "VITALS_SECONDS", 0.01)
    taker = Consumer(app, SoloPool(app=app))
    step = pulse_step(pulse)(taker)
    step.start(taker)
    wait_until(lambda: heard.lines.count(f"{ONLINE}:1|g") >= 3, what="three beats")
    step.stop(taker)

    assert taker.ticks.calls == {}


def test_a_worker_starts_though_its_pulse_does_not(pulse: Pulse, taker: Consumer) -> None:
    taker.pool = None
    vars(taker)["timer"] = None
    step = pulse_step(pulse)(taker)
    step.start(taker)
    step.stop(taker)
