"""What is sent about runs and messages, as bytes made once and filled in each time.

One transition is one datagram, its lines joined by newlines:

    celery.task.proj.tasks.charge.prerun:1|c
    celery.task.proj.tasks.charge.wait:12.345|ms
    celery.queue.default.prerun:1|c
    celery.queue.default.wait:12.345|ms
    celery.worker.celery_host.prerun:1|c
"""

from collections.abc import Mapping
from dataclasses import dataclass

from celery.states import FAILURE, RETRY, SUCCESS

from celeryscope.naming import node
from celeryscope.worker.styles import Place

# A place, a leaf of its family, the value as it is written, and perhaps a detail.
_Line = tuple[Place, str, str] | tuple[Place, str, str, str]
_COUNT = "1|c"
_MS = "%.3f|ms"
_MAX_EXCEPTIONS = 1000
_exception_nodes: dict[str, bytes] = {}


@dataclass(frozen=True)
class Places:
    """What one kind of run counts for; None where there is no such place."""

    task: Place
    queue: Place | None = None
    worker: Place | None = None


@dataclass(frozen=True)
class RunDatagrams:
    """Both ends of one kind of run, with holes for what differs from run to run."""

    started: bytes
    started_after_wait: bytes
    waits: int
    ended: Mapping[str | None, bytes]
    failed: bytes

    def start(self, wait_ms: float | None) -> bytes:
        if wait_ms is None:
            return self.started
        return self.started_after_wait % ((wait_ms,) * self.waits)

    def end(self, state: str | None, result: object, runtime_ms: float) -> bytes:
        if state == FAILURE:
            return self.failed % (runtime_ms, _exception_node(type(result).__name__))
        return self.ended.get(state, self.ended[None]) % runtime_ms


def run_datagrams(places: Places) -> RunDatagrams:
    """Build what is sent at the start and at each possible end of a run."""
    prerun = [
        (place, "prerun", _COUNT) for place in _present(places.task, places.queue, places.worker)
    ]
    waits = [(place, "wait", _MS) for place in _present(places.task, places.queue)]
    ended = [(places.task, "postrun", _COUNT), (places.task, "runtime", _MS)]
    if places.worker:
        ended.append((places.worker, "postrun", _COUNT))
    success = (places.task, "success", _COUNT)
    retry = (places.task, "retry", _COUNT)
    failure: list[_Line] = [
        (places.task, "failure", _COUNT),
        (places.task, "exception", _COUNT, "%b"),
    ]
    return RunDatagrams(
        started=_joined(*prerun),
        started_after_wait=_joined(*prerun, *waits),
        waits=len(waits),
        ended={
            SUCCESS: _joined(*ended, success),
            RETRY: _joined(*ended, retry),
            None: _joined(*ended),
        },
        failed=_joined(*ended, *failure),
    )


def published_datagram(task: Place, queue: Place | None) -> bytes:
    """Build what is sent when a message went to the broker."""
    return _joined(*((place, "published", _COUNT) for place in _present(task, queue)))


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
