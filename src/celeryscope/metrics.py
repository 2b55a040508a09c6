"""The catalogue: every metric that celeryscope writes, with its kind, unit and meaning."""

from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """What a series holds; the value is the node under which Graphite shows it."""

    COUNTER = "counters"
    TIMER = "timers"
    GAUGE = "gauges"
    SET = "sets"
    PLAIN = "plain"  # not of StatsD: points as Carbon takes them, shown by their own names


STATSD_KINDS = (Kind.COUNTER, Kind.TIMER, Kind.GAUGE, Kind.SET)


class Family(str, Enum):
    """What a series speaks about; the value is the node that follows the prefix."""

    TASK = "task"
    QUEUE = "queue"
    WORKER = "worker"
    BEAT = "beat"
    SELF = "celeryscope"


OWN = f"{Family.SELF.value}."
"""What the names begin with that the server and instrumented processes have for themselves."""


@dataclass(frozen=True)
class Metric:
    """One kind of series: `leaf` ends its path, `help` says in one line what it counts.

    One that means `loss` is above 0 only when data did not arrive.
    """

    family: Family
    leaf: str
    kind: Kind
    unit: str
    help: str
    loss: bool = False


def _counter(family: Family, leaf: str, unit: str, help_: str) -> Metric:
    return Metric(family, leaf, Kind.COUNTER, unit, help_)


def _loss(leaf: str, unit: str, help_: str) -> Metric:
    return Metric(Family.SELF, leaf, Kind.COUNTER, unit, help_, loss=True)


def _timer(family: Family, leaf: str, help_: str) -> Metric:
    return Metric(family, leaf, Kind.TIMER, "ms", help_)


def _gauge(family: Family, leaf: str, unit: str, help_: str) -> Metric:
    return Metric(family, leaf, Kind.GAUGE, unit, help_)


_T, _Q, _W, _B, _S = Family.TASK, Family.QUEUE, Family.WORKER, Family.BEAT, Family.SELF

CATALOGUE: tuple[Metric, ...] = (
    _counter(_T, "published", "messages", "Messages handed to the broker for this task."),
    _counter(_T, "received", "messages", "Messages that reached a worker, to run or to wait."),
    _counter(_T, "prerun", "runs", "Runs that started."),
    _counter(_T, "postrun", "runs", "Runs that ended inside the process that ran them."),
    _counter(_T, "success", "runs", "Runs that returned a result."),
    _counter(_T, "failure", "runs", "Runs that failed for good: no retry follows."),
    _counter(_T, "retry", "runs", "Runs that ended by asking to be run again."),
    _counter(_T, "ignored", "runs", "Runs that ended by Ignore, or by replacing themselves."),
    _counter(_T, "rejected", "runs", "Runs that ended by rejecting their message."),
    _counter(_T, "revoked", "runs", "Runs that were revoked or expired, waiting or running."),
    _counter(_T, "aborted", "runs", "Runs cut short that neither failed nor were revoked."),
    _counter(_T, "timeout", "runs", "Failures by the hard time limit."),
    _counter(_T, "lost", "runs", "Runs whose process went away under them."),
    _counter(_T, "exception.*", "runs", "Failures by the class of their exception."),
    _counter(_T, "redelivered", "runs", "Runs of a message that was delivered before."),
    _counter(
        _T, "wait_clamped", "runs", "Waits below zero, which the hosts' clocks gave, sent as 0."
    ),
    _timer(
        _T, "runtime", "Time from the start of a run to its end, or to when its worker saw it gone."
    ),
    _timer(_T, "wait", "Time from when a run could have started to its start."),
    _counter(_Q, "published", "messages", "Messages handed to the broker for this queue."),
    _counter(_Q, "prerun", "runs", "Runs that started from this queue."),
    _counter(_Q, "unknown", "messages", "Messages for tasks that the worker does not have."),
    _timer(_Q, "wait", "Time from when a run could have started to its start."),
    _counter(_W, "prerun", "runs", "Runs that started on this worker."),
    _counter(_W, "postrun", "runs", "Runs that ended on this worker."),
    _counter(_W, "unknown", "messages", "Messages for tasks that this worker does not have."),
    _gauge(
        _W, "online", "workers", "Whether this worker takes tasks: 1, or 0 when it has stopped."
    ),
    _gauge(_W, "pool_size", "runs", "Runs that this worker's pool can hold at once."),
    _gauge(_W, "busy", "runs", "Runs that this worker's pool holds now."),
    _counter(_B, "sent", "messages", "Messages that beat sent for this schedule entry."),
    _timer(_B, "lateness", "Time from when this entry was due to when beat sent it."),
    _counter(_S, "client.sent", "datagrams", "Datagrams that instrumented processes sent."),
    _loss("client.dropped", "datagrams", "Datagrams that instrumented processes could not send."),
    _loss("client.lost", "datagrams", "Datagrams that instrumented processes sent in vain."),
    _gauge(_S, "client.loss", "%", "Share of what instrumented processes sent that got lost."),
    _counter(_S, "packets", "datagrams", "Datagrams received."),
    _counter(_S, "lines", "lines", "StatsD lines received, good and bad."),
    _loss("bad_lines.*", "lines", "StatsD lines refused, by reason."),
    _loss("dropped.*", "datagrams", "Datagrams, lines or connections that the server lost."),
    _gauge(_S, "series", "series", "Series known to the store."),
    _gauge(_S, "backlog", "datagrams", "Datagrams that waited to be parsed, at most."),
    _gauge(_S, "flush.lag", "ms", "How late the last flush was, after its interval's end."),
    _gauge(_S, "flush.duration", "ms", "How long the last flush took to be stored."),
    _gauge(_S, "flush.queue", "flushes", "Flushes that wait to be stored."),
    _counter(_S, "flush.late", "flushes", "Flushes that came late, with their own intervals."),
    _loss("flush.dropped", "flushes", "Flushes that could not be stored."),
    _counter(_S, "carbon.points", "points", "Points received by Carbon's doors."),
    _loss("carbon.bad_lines.*", "lines", "Lines and messages that Carbon's doors refused."),
    _loss("carbon.too_old", "points", "Points that are older than all that is kept."),
    _loss("carbon.dropped.*", "points", "Points or clients that Carbon's doors lost."),
    _gauge(_S, "carbon.queue", "points", "Points that wait to be stored."),
    _gauge(_S, "carbon.duration", "ms", "How long the last points took to be stored."),
    _counter(_S, "outputs.*.sent", "points", "What an output handed on."),
    _counter(_S, "outputs.*.replayed", "points", "What an output handed on after an outage."),
    _loss("outputs.*.dropped", "points", "What an output could not hand on."),
    _gauge(_S, "outputs.*.queue", "flushes", "Flushes that wait for an output."),
)
