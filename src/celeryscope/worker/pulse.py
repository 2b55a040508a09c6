"""A worker's pulse: what its main process says of itself, by the worker's own timer."""

from typing import TYPE_CHECKING

from celery.bootsteps import StartStopStep
from celery.concurrency import solo
from celery.concurrency.base import BasePool
from celery.utils.timer2 import Timer
from celery.worker import state

from celeryscope.worker.datagrams import Vitals
from celeryscope.worker.faults import harmless
from celeryscope.worker.kinds import Kinds
from celeryscope.worker.tally import Tally

if TYPE_CHECKING:  # see taken.py
    from celery.worker.consumer import Consumer

VITALS_SECONDS = 10.0
_FLUSH_SECONDS = 1.0


class Pulse:
    """Sends a worker's gauges every ten seconds, and received messages every second."""

    def __init__(self, kinds: Kinds, received: Tally) -> None:
        self._kinds = kinds
        self._received = received
        self._consumer: Consumer | None = None

    def start(self, consumer: "Consumer") -> None:
        self._consumer = consumer
        self.beat()

    @harmless
    def flush(self) -> None:
        self._received.flush()

    @harmless
    def beat(self) -> None:
        consumer = self._consumer
        if consumer is not None:
            self._send(consumer, Vitals(1, _size(consumer.pool), len(state.active_requests)))

    @harmless
    def end(self) -> None:
        """Say that the worker has stopped, once; one that was killed says nothing."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self._received.flush()
            self._send(consumer, Vitals())

    def _send(self, consumer: "Consumer", vitals: Vitals) -> None:
        meter = self._kinds.meter(consumer.app)
        if meter is not None:
            meter.sender.send(meter.vitals(consumer.hostname, vitals))


def _size(pool: BasePool) -> int:
    # In a pool of greenlets num_processes may be how many there are at the moment.
    return int(pool.limit if pool.is_green else pool.num_processes)


def pulse_step(pulse: Pulse) -> type[StartStopStep]:
    """Make the step of a consumer that starts a pulse with each connection to the broker.

    A lost connection clears the worker's timer (Celery before 5.6), so that once is not enough.
    """

    class PulseStep(StartStopStep):
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def __init__(self, parent: "Consumer", **kwargs: object) -> None:
            super().__init__(parent, **kwargs)
            # Solo's one thread runs the tasks: nothing else would tick meanwhile.
            self._timer = Timer() if isinstance(parent.pool, solo.TaskPool) else parent.timer
            self._entries: list[object] = []

        @harmless
        def start(self, parent: "Consumer") -> None:
            pulse.start(parent)
            every = self._timer.call_repeatedly
            self._entries = [every(VITALS_SECONDS, pulse.beat), every(_FLUSH_SECONDS, pulse.flush)]

        @harmless
        def stop(self, _parent: "Consumer") -> None:
            for entry in self._entries:
                self._timer.cancel(entry)

    return PulseStep
