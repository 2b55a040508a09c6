"""An hour in which all that the catalogue knows of happened, of every sort and to everyone."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from celeryscope.flush import Flush
from celeryscope.metrics import CATALOGUE, Family, Kind, Metric
from celeryscope.naming import Paths
from celeryscope.sketch import Distribution
from support import sample

MINUTES = 60
QUEUES = ("celery", "mail")
WORKERS = ("celery@web-1", "celery@web-2")
ENTRIES = ("nightly-report", "sync")
# What may stand in the open node of a leaf, by the node before it.
_SORTS = {
    "bad_lines": ("format", "value"),
    "dropped": ("kernel", "backlog"),
    "exception": ("ValueError", "SoftTimeLimitExceeded"),
    "outputs": ("carbon", "prometheus"),
}


def subjects(family: Family) -> list[str]:
    """Return the paths of whom a family's numbers are about."""
    paths = Paths()
    match family:
        case Family.TASK:
            return [paths.task(work.name) for work in sample.TASKS]
        case Family.QUEUE:
            return list(map(paths.queue, QUEUES))
        case Family.WORKER:
            return list(map(paths.worker, WORKERS))
        case Family.BEAT:
            return list(map(paths.beat, ENTRIES))
        case Family.SELF:
            return [Family.SELF.value]


def flushes(end: float, seed: int = 7) -> Iterator[Flush]:
    """Yield the last hour's flushes of the lifelike sample, with all else beside."""
    random = np.random.default_rng(seed)
    total = sample.HOURS * 3600 // sample.STEP
    for lifelike in islice(sample.flushes(end), total - MINUTES, None):
        counters = {name: float(random.integers(1, 9)) for name in _names(Kind.COUNTER)}
        gauges = {name: float(random.integers(1, 5)) for name in _names(Kind.GAUGE)}
        timers = {name: Distribution.of(random.lognormal(3, 1, 5)) for name in _names(Kind.TIMER)}
        yield Flush(
            lifelike.start,
            lifelike.seconds,
            counters | dict(lifelike.counters),
            gauges,
            timers=timers | dict(lifelike.timers),
        )


def _names(kind: Kind) -> list[str]:
    return [name for metric in CATALOGUE if metric.kind is kind for name in _series(metric)]


def _series(metric: Metric) -> list[str]:
    before, star, after = metric.leaf.partition("*")
    sorts = _SORTS[before.rstrip(".").rpartition(".")[2]] if star else ("",)
    return [
        f"{subject}.{before}{sort}{after}" for subject in subjects(metric.family) for sort in sorts
    ]
