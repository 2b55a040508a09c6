"""What happened to tasks, queues and workers, minute by minute, and what flushes make of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from celeryscope.flush import Flush
from celeryscope.naming import Paths
from celeryscope.sketch import Distribution

START = 1_700_000_400
MINUTE = 60
PACKETS = "celeryscope.packets"
_GAUGES = ("online",)
_PATHS = Paths()

Value = float | Mapping[float, int]
"""What is counted in a minute or, of a timer, how many samples of each length in ms."""

Happenings = Mapping[str, Value]


@dataclass(frozen=True)
class Phase:
    """Some minutes that are all alike: each series by its name, with its value for a minute."""

    minutes: int
    happenings: Happenings


def phase(minutes: int, *happenings: Happenings) -> Phase:
    """Return minutes in which all of this happened, and the server was sent something."""
    return Phase(minutes, {PACKETS: 100, **{k: v for one in happenings for k, v in one.items()}})


def silence(minutes: int) -> Phase:
    """Return minutes in which the server was sent nothing."""
    return Phase(minutes, {})


def task(name: str = "proj.charge", **counts: float) -> Happenings:
    return {f"{_PATHS.task(name)}.{leaf}": value for leaf, value in counts.items()}


def queue(name: str = "mail", **values: Value) -> Happenings:
    return {f"{_PATHS.queue(name)}.{leaf}": value for leaf, value in values.items()}


def waits(seconds: Mapping[float, int], name: str = "mail") -> Happenings:
    """Return runs of a queue by how long each waited."""
    return queue(name, wait={1000 * one: runs for one, runs in seconds.items()})


def worker(name: str = "celery@web", *, online: float) -> Happenings:
    return {f"{_PATHS.worker(name)}.online": online}


def beat(entry: str = "every-minute", *, sent: float) -> Happenings:
    return {f"{_PATHS.beat(entry)}.sent": sent}


def own(**counts: float) -> Happenings:
    """Return what the server counts of itself; `__` in a name is a dot."""
    return {f"celeryscope.{leaf.replace('__', '.')}": value for leaf, value in counts.items()}


def flushes(phases: Sequence[Phase]) -> Iterator[Flush]:
    """Yield a flush for each minute."""
    start = START
    for one in phases:
        minute = _minute(one.happenings)
        for _ in range(one.minutes):
            yield replace(minute, start=start)
            start += MINUTE


def end(phases: Sequence[Phase]) -> int:
    """Return the time at which the last minute has passed."""
    return START + MINUTE * sum(one.minutes for one in phases)


def _minute(happenings: Happenings) -> Flush:
    counters: dict[str, float] = {}
    gauges: dict[str, float] = {}
    timers: dict[str, Distribution] = {}
    for name, value in happenings.items():
        if isinstance(value, Mapping):
            timers[name] = Distribution.of([ms for ms, runs in value.items() for _ in range(runs)])
        elif name.rpartition(".")[2] in _GAUGES:
            gauges[name] = value
        else:
            counters[name] = value
    return Flush(START, MINUTE, counters=counters, gauges=gauges, timers=timers)
