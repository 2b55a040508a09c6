"""Hours of lifelike, invented work of a shop's tasks, as the flushes that it would have made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from celeryscope.flush import Flush
from celeryscope.naming import Paths
from celeryscope.sketch import Distribution

HOURS = 13
STEP = 60
_TROUBLE = (0.62, 0.7)


@dataclass(frozen=True)
class Work:
    """One task: runs a second, median run time and wait in ms, shares of failure and retry."""

    name: str
    rate: float
    run_time: float
    wait: float = 40.0
    failed: float = 0.0
    retried: float = 0.0
    exceptions: Mapping[str, float] = field(default_factory=dict)
    in_trouble: bool = False


TASKS = (
    Work(
        "shop.orders.tasks.charge",
        2.4,
        212,
        failed=0.012,
        retried=0.03,
        exceptions={"CardDeclined": 5, "GatewayTimeout": 3, "ConnectionError": 1},
        in_trouble=True,
    ),
    Work("shop.orders.tasks.reserve_stock", 2.5, 18, failed=0.0002, exceptions={"OutOfStock": 1}),
    Work("shop.orders.tasks.fulfil", 1.1, 340, 90, 0.002, 0.01, {"WarehouseError": 1}),
    Work("shop.mail.tasks.send_receipt", 1.9, 96, 120, 0.004, 0.02, {"SMTPServerBusy": 1}),
    Work("shop.mail.tasks.digest", 0.06, 880, 300, 0.012, 0.0, {"TemplateError": 2, "KeyError": 1}),
    Work("reports.daily.build", 0.01, 41_200, 900),
    Work("reports.hourly.rollup", 0.05, 5_400, 450, 0.0, 0.004),
    Work("search.index.tasks.update", 0.9, 44, 25, 0.0007, 0.0, {"IndexLocked": 1}),
    Work("search.index.tasks.rebuild", 0.004, 126_000, 1_400),
    Work("media.images.thumbnail", 3.2, 130, 60, 0.001, 0.002, {"UnidentifiedImageError": 1}),
    Work("media.video.transcode", 0.03, 19_000, 700, 0.03, 0.05, {"CodecError": 3, "OSError": 1}),
    Work("ping", 0.2, 1.4, 4),
)


def flushes(end: float, seed: int = 7) -> Iterator[Flush]:
    """Yield flushes up to `end` (Unix time), the oldest first; the same ones for one seed."""
    random = np.random.default_rng(seed)
    total = HOURS * 3600 // STEP
    first = int(end) // STEP * STEP - total * STEP
    for number in range(total):
        yield _flush(first + number * STEP, number / total, random)


def _flush(start: int, progress: float, random: np.random.Generator) -> Flush:
    counters: dict[str, float] = {}
    timers: dict[str, Distribution] = {}
    for work in TASKS:
        _run(work, progress, random, counters, timers)
    counters["celeryscope.packets"] = float(sum(counters.values()))
    counters["celeryscope.dropped.socket"] = 0.0
    return Flush(start, STEP, counters=counters, timers=timers)


def _run(
    work: Work,
    progress: float,
    random: np.random.Generator,
    counters: dict[str, float],
    timers: dict[str, Distribution],
) -> None:
    path = Paths().task(work.name)
    trouble = work.in_trouble and _TROUBLE[0] <= progress < _TROUBLE[1]
    tide = 1 + 0.28 * np.sin(progress * 7.0) + 0.1 * np.sin(progress * 31.0)
    runs = int(random.poisson(work.rate * STEP * tide))
    if not runs:
        return
    failure = int(random.binomial(runs, min(work.failed * (25 if trouble else 1), 1.0)))
    retry = int(random.binomial(runs - failure, work.retried))
    ends = {"success": runs - failure - retry, "failure": failure, "retry": retry}
    for leaf, count in {"prerun": runs, "postrun": runs, "published": runs, **ends}.items():
        counters[f"{path}.{leaf}"] = float(count)
    if work.exceptions:
        weights = np.array(list(work.exceptions.values()), dtype=float)
        split = random.multinomial(failure, weights / weights.sum())
        for name, count in zip(work.exceptions, split.tolist(), strict=True):
            counters[f"{path}.exception.{name}"] = float(count)
    slow = 3.5 if trouble else 1.0
    timers[f"{path}.runtime"] = _times(random, work.run_time * slow, 0.45, runs)
    timers[f"{path}.wait"] = _times(random, work.wait * tide * (3 if trouble else 1), 0.6, runs)


def _times(random: np.random.Generator, median: float, spread: float, runs: int) -> Distribution:
    return Distribution.of(random.lognormal(np.log(median), spread, runs))
