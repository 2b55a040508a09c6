"""What is sent about runs and messages, as bytes made once and filled in each time.

One transition is one datagram, its lines joined by newlines:

    celery.task.proj.tasks.charge.prerun:1|c
    celery.task.proj.tasks.charge.wait:12.345|ms
    celery.queue.default.prerun:1|c
    celery.queue.default.wait:12.345|ms
    celery.worker.celery_host.prerun:1|c
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from celery.states import FAILURE, IGNORED, REJECTED, RETRY, SUCCESS

from celeryscope.naming import node
from celeryscope.worker.cuts import Cut
from celeryscope.worker.styles import Place

# A place, a leaf of its family, the value as it is written, and perhaps a detail.
_Line = tuple[Place, str, str] | tuple[Place, str, str, str]
_COUNT = "1|c"
_MS = "%.3f|ms"
_NO_MS = "0|ms"
_MAX_EXCEPTIONS = 1000
_exception_nodes: dict[str, bytes] = {}


@dataclass(frozen=True)
class Places:
    """What one kind of run counts for; None where there is no such place."""

    task: Place
    queue: Place | None = None
    worker: Place | None = None


@dataclass(frozen=True)
class Vitals:
    """How a worker is; all of it 0 when it has stopped."""

    online: int = 0
    pool_size: int = 0
    busy: int = 0


@dataclass(frozen=True)
class RunDatagrams:
    """Both ends of one kind of run, with holes for what differs from run to run."""

    places: Places
    received: bytes
    started: bytes
    started_after_wait: bytes
    started_before_published: bytes
    waits: int
    ended: Mapping[str | Cut, bytes]
    failed: bytes
    left: bytes

    def start(self, wait_ms: float | None) -> bytes:
        if wait_ms is None:
            return self.started
        if wait_ms < 0:
            return self.started_before_published
        return self.started_after_wait % ((wait_ms,) * self.waits)

    def end(self, state: str, result: object, runtime_ms: float) -> bytes:
        if state == FAILURE:
            return self.failed % (runtime_ms, _exception_node(type(result).__name__))
        return self.ended[state] % runtime_ms

    def cut(self, cut: Cut, runtime_ms: float) -> bytes:
        return self.left if cut is Cut.LEFT else self.ended[cut] % runtime_ms

    def fate(
        self, leaves: Sequence[str], exception: str | None = None, runtime_ms: float | None = None
    ) -> bytes:
        """Build what is told of a run by a process that did not run it."""
        task = self.places.task
        lines: list[_Line] = [(task, leaf, _COUNT) for leaf in leaves]
        if exception is not None:
            lines.append((task, "exception", _COUNT, node(exception)))
        if runtime_ms is not None:
            lines.append((task, "runtime", _MS % runtime_ms))
        return _joined(*lines)


def run_datagrams(places: Places, *, redelivered: bool = False) -> RunDatagrams:
    """Build what is sent at the start and at each possible end of a run.

    One that is redelivered tells no wait: the publisher's clock is of the first delivery.
    """
    task = places.task
    prerun: list[_Line] = [
        (place, "prerun", _COUNT) for place in _present(task, places.queue, places.worker)
    ]
    if redelivered:
        prerun.append((task, "redelivered", _COUNT))
    waiting = [] if redelivered else _present(task, places.queue)
    clamped = [] if redelivered else [(task, "wait_clamped", _COUNT)]
    return RunDatagrams(
        places=places,
        received=_joined((task, "received", "%d|c")),
        started=_joined(*prerun),
        started_after_wait=_joined(*prerun, *((place, "wait", _MS) for place in waiting)),
        started_before_published=_joined(
            *prerun, *((place, "wait", _NO_MS) for place in waiting), *clamped
        ),
        waits=len(waiting),
        ended=_ended(places),
        failed=_joined(
            *_ends(places), (task, "failure", _COUNT), (task, "exception", _COUNT, "%b")
        ),
        left=_joined(*_postrun(places)),
    )


def _ended(places: Places) -> dict[str | Cut, bytes]:
    outcomes: dict[str | Cut, tuple[str, ...]] = {
        SUCCESS: ("success",),
        RETRY: ("retry",),
        IGNORED: ("ignored",),
        REJECTED: ("rejected",),
        Cut.ABORTED: ("aborted",),
        Cut.ENDED: (),
        Cut.TIMED_OUT: ("failure", "timeout"),
    }
    task = places.task
    ended: dict[str | Cut, bytes] = {
        end: _joined(*_ends(places), *((task, leaf, _COUNT) for leaf in leaves))
        for end, leaves in outcomes.items()
    }
    ended[Cut.TIMED_OUT] += b"\n" + _joined((task, "exception", _COUNT, "TimeLimitExceeded"))
    return ended


def _ends(places: Places) -> list[_Line]:
    return [*_postrun(places), (places.task, "runtime", _MS)]


def _postrun(places: Places) -> list[_Line]:
    return [(place, "postrun", _COUNT) for place in _present(places.task, places.worker)]


def published_datagram(task: Place, queue: Place | None) -> bytes:
    """Build what is sent when a message went to the broker."""
    return _joined(*((place, "published", _COUNT) for place in _present(task, queue)))


def unknown_datagram(queue: Place | None, worker: Place) -> bytes:
    """Build what is sent when a worker does not have a message's task."""
    return _joined(*((place, "unknown", _COUNT) for place in _present(queue, worker)))


def vitals_datagram(worker: Place, vitals: Vitals) -> bytes:
    """Build a worker's gauges."""
    return _joined(
        (worker, "online", f"{vitals.online}|g"),
        (worker, "pool_size", f"{vitals.pool_size}|g"),
        (worker, "busy", f"{vitals.busy}|g"),
    )


def beat_datagram(entry: Place, lateness_ms: float | None) -> bytes:
    """Build what is sent when beat sent an entry's message; None is a lateness not known."""
    sent: list[_Line] = [(entry, "sent", _COUNT)]
    if lateness_ms is not None:
        sent.append((entry, "lateness", _MS % lateness_ms))
    return _joined(*sent)


def _present(*places: Place | None) -> list[Place]:
    return [place for place in places if place]


def _joined(*lines: _Line) -> bytes:
    return "\n".join(place.line(*rest) for place, *rest in lines).encode()


def _exception_node(name: str) -> bytes:
    known = _exception_nodes.get(name)
    if known is None:
        if len(_exception_nodes) >= _MAX_EXCEPTIONS:
            _exception_nodes.clear()
        known = _exception_nodes[name] = node(name).encode()
    return known
