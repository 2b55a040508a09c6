"""One real Celery run, with beat and endings of all sorts, as the datagrams that came of it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from celeryscope.metrics import OWN
from celeryscope.naming import Paths
from support.dashboard_app import FATES, QUEUES
from support.processes import redis_server, running, wait_until
from support.udp import Receiver, receiver
from support.workers import TESTS, worker

APP = "support.dashboard_app"
_SUCCESS = FATES["success"] + FATES["retry"] + FATES["rejected"]
_FAILURE = FATES["failure"] + FATES["killed"] + FATES["limit"]
_ENDS = {
    "success": _SUCCESS,
    "failure": _FAILURE,
    "retry": FATES["retry"],
    "ignored": FATES["ignored"],
    "rejected": FATES["rejected"],
    "revoked": FATES["expired"],
}
_REPORTED = "celeryscope.client.sent"
_KINDS = {"c": "counters", "ms": "timers", "g": "gauges"}


Sent = tuple[object, bytes]
"""Who sent a datagram, and the datagram."""


def record(folder: Path) -> list[Sent]:
    """Run a worker with beat until all that was published has ended; return what all sent."""
    with redis_server(folder) as broker, receiver() as heard:
        env = {
            "DASHBOARDS_BROKER": broker,
            "CELERYSCOPE_STATSD": heard.address,
            "PYTHONPATH": str(TESTS),
        }
        options = ["--concurrency", "4", "--queues", ",".join(set(QUEUES.values()))]
        options += ["--beat", "--schedule", str(folder / "schedule")]
        with worker(folder, env, APP, tuple(options)):
            _publish(folder, env)
            wait_until(lambda: _has_all(heard), within=90, what="the runs' ends")
        return heard.by_sender()


def bursts(heard: Sequence[Sent], count: int) -> list[Sequence[Sent]]:
    """Return so many bursts: what was heard in order, and in the last one a line of each series.

    Own series are not in that: they say how many datagrams their senders have sent.
    """
    size = -(-len(heard) // (count - 1))
    parts = [heard[at : at + size] for at in range(0, len(heard), size)]
    again = {line.partition(":")[0]: line for line in _lines(heard) if not line.startswith(OWN)}
    return [*parts, [("closing", line.encode()) for line in again.values()]]


def keys(heard: Sequence[Sent]) -> Mapping[str, set[str]]:
    """Return all series' keys, by the node under which Graphite has their kind."""
    found: dict[str, set[str]] = {kind: set() for kind in _KINDS.values()}
    for line in _lines(heard):
        key, _, sample = line.partition(":")
        found[_KINDS[sample.split("|")[1]]].add(key)
    return found


def _lines(heard: Sequence[Sent]) -> Iterator[str]:
    for _, datagram in heard:
        yield from datagram.decode().split("\n")


def _publish(folder: Path, env: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", APP]
    with running(command, folder / "publisher.log", env) as publisher:
        assert publisher.process.wait(60) == 0, publisher.output()


def _has_all(heard: Receiver) -> bool:
    counts, paths = heard.counts(), Paths()
    if not counts[_REPORTED]:
        return False
    ended = all(
        counts[f"{paths.task(name)}.{leaf}"] >= number
        for name in QUEUES
        for leaf, number in _ENDS.items()
    )
    return ended and all(counts[f"{paths.queue(name)}.unknown"] for name in QUEUES.values())
