"""The sample's shop with all that is around its tasks: queues, workers, beat, the monitor."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from celeryscope.flush import Flush
from celeryscope.metrics import OWN
from celeryscope.naming import Paths
from celeryscope.sketch import Distribution
from support import sample

_DEPLOYED = 0.615
"""Just before the sample's trouble, as a share of the sample."""

# Messages that wait while charging is slow, by share of the sample.
_BACKLOG = ((0.0, 0.62, 0.7, 0.74), (0.0, 0.0, 16.0, 0.0))
_LATE = "shop.orders.tasks.charge"
_WORKERS = ("celery@web-1", "celery@web-2", "celery@web-3")
_SLOTS = 4
_SCHEDULE = {"clear-carts": (60, 1), "poll-carriers": (60, 4), "roll-up-hour": (3600, 1)}
"""How often each entry is due, in seconds, and how many messages it sends by then."""

_PATHS = Paths()


def flushes(end: float, seed: int = 11) -> Iterator[Flush]:
    """Yield flushes up to `end` (Unix time), the oldest first; the same ones for one seed."""
    random = np.random.default_rng(seed)
    total = sample.HOURS * 3600 // sample.STEP
    backlog = np.round(np.interp(np.arange(-1, total) / total, *_BACKLOG)).tolist()
    for flush, (before, now) in zip(sample.flushes(end), pairwise(backlog), strict=True):
        yield _surrounded(_backed_up(flush, before, now), random)


def deployed(end: float) -> int:
    """Return when the deployment was that brought the sample's trouble (Unix time)."""
    return int(end - (1 - _DEPLOYED) * sample.HOURS * 3600)


def _backed_up(flush: Flush, before: float, now: float) -> Flush:
    """Return a flush in which the late task's runs wait behind a backlog."""
    path = _PATHS.task(_LATE)
    started, waits = flush.counters[f"{path}.prerun"], flush.timers[f"{path}.wait"].values
    assert waits is not None
    delay_ms = now / (started / flush.seconds) * 1000
    return Flush(
        flush.start,
        flush.seconds,
        {**flush.counters, f"{path}.published": started + now - before},
        timers={**flush.timers, f"{path}.wait": Distribution.of(waits + delay_ms)},
    )


def _surrounded(flush: Flush, random: np.random.Generator) -> Flush:
    counters, timers = dict(flush.counters), dict(flush.timers)
    for queue, tasks in _queues().items():
        path = _PATHS.queue(queue)
        for leaf in ("published", "prerun"):
            counters[f"{path}.{leaf}"] = sum(counters.get(f"{task}.{leaf}", 0) for task in tasks)
        waits = [timers[name] for task in tasks if (name := f"{task}.wait") in timers]
        if waits:
            timers[f"{path}.wait"] = Distribution.merge(waits)
    for entry, (seconds, messages) in _SCHEDULE.items():
        path = _PATHS.beat(entry)
        if flush.start % seconds == 0:
            counters[f"{path}.sent"] = float(messages)
            timers[f"{path}.lateness"] = Distribution.of(random.lognormal(3.5, 0.4, messages))
    datagrams = counters[f"{OWN}packets"]
    counters |= {f"{OWN}client.sent": datagrams, f"{OWN}client.dropped": 0.0}
    counters |= {f"{OWN}client.lost": 0.0, f"{OWN}lines": datagrams}
    return Flush(flush.start, flush.seconds, counters, _slots(flush, random), timers=timers)


def _queues() -> Mapping[str, list[str]]:
    """Return the paths of each queue's tasks; the shop's modules have queues of their own."""
    found: dict[str, list[str]] = {}
    for work in sample.TASKS:
        app, module, *_ = (*work.name.split("."), "")
        found.setdefault(module if app == "shop" else app, []).append(_PATHS.task(work.name))
    return found


def _slots(flush: Flush, random: np.random.Generator) -> Mapping[str, float]:
    worked_ms = sum(timer.sum for name, timer in flush.timers.items() if name.endswith(".runtime"))
    busy = worked_ms / 1000 / flush.seconds / (_SLOTS * len(_WORKERS))
    gauges: dict[str, float] = {}
    for worker in map(_PATHS.worker, _WORKERS):
        gauges[f"{worker}.online"] = 1.0
        gauges[f"{worker}.pool_size"] = float(_SLOTS)
        gauges[f"{worker}.busy"] = float(random.binomial(_SLOTS, min(busy, 1)))
    return gauges
