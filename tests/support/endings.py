"""Every way in which a task can end, and what exactly is counted for it.

One table, read by the test that makes each of them happen and by the docs. Each run has one
outcome: `success`, `failure`, `retry`, `ignored`, `rejected`, `revoked` or `aborted`; `timeout`,
`lost` and `exception.<Class>` say why, beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

PREFORK = frozenset({"prefork"})
IN_MAIN = frozenset({"threads", "solo"})
GREEN = frozenset({"gevent", "eventlet"})
EVERY_POOL = PREFORK | IN_MAIN | GREEN
ASYNC_BROKERS = frozenset({"redis", "rabbitmq"})
EVERY_BROKER = ASYNC_BROKERS | {"filesystem"}
EVERY_CELERY = frozenset({"5.3", "5.4", "5.5", "5.6", "newest"})

_SENT = {"published": 1, "received": 1}
_RAN = {"prerun": 1, "postrun": 1}
_ONCE = {**_SENT, **_RAN}
_TWICE = dict.fromkeys(_ONCE, 2)
_THRICE = dict.fromkeys(_ONCE, 3)


@dataclass(frozen=True, slots=True)
class Ending:
    """One way to end.

    `counts` are all the counters of the task that it leaves, from the first publishing to its
    very end, and `runtimes` how many run times; `perhaps` names counters that may miss, as the
    process may be gone before it could count. `elsewhere` are counters of the task's queue and
    worker. `pools`, `brokers` and `celeries` tell where it can happen.
    """

    name: str
    how: str
    counts: Mapping[str, int]
    runtimes: int = 1
    perhaps: frozenset[str] = frozenset()
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    pools: frozenset[str] = EVERY_POOL
    brokers: frozenset[str] = EVERY_BROKER
    celeries: frozenset[str] = EVERY_CELERY
    note: str = ""


ENDINGS: tuple[Ending, ...] = (
    Ending("success", "returns a result", {**_ONCE, "success": 1}),
    Ending(
        "failure", "raises an exception", {**_ONCE, "failure": 1, "exception.OutOfStockError": 1}
    ),
    Ending(
        "retry",
        "asks to be run again, then returns",
        {**_TWICE, "retry": 1, "success": 1},
        runtimes=2,
    ),
    Ending(
        "retries_exhausted",
        "asks to be run again once more than `max_retries`",
        {**_TWICE, "retry": 1, "failure": 1, "exception.OutOfStockError": 1},
        runtimes=2,
        note="The exception is the one given to `retry(exc=...)`.",
    ),
    Ending("ignore", "raises `Ignore`", {**_ONCE, "ignored": 1}),
    Ending(
        "reject_early",
        "raises `Reject`, its message acknowledged before",
        {**_ONCE, "rejected": 1},
    ),
    Ending(
        "reject_late",
        "raises `Reject` with `acks_late`",
        {**_ONCE, "rejected": 1},
        note="Celery sends its failure signal too; it is not counted as a failure.",
    ),
    Ending(
        "reject_requeue",
        "raises `Reject(requeue=True)` with `acks_late`, and returns when it is delivered again",
        {**_RAN, **_TWICE, "published": 1, "redelivered": 1, "rejected": 1, "success": 1},
        runtimes=2,
        brokers=ASYNC_BROKERS,
        note="The second run reports no wait: it would begin with the first delivery. "
        "Celery's file broker does not tell that a message is `redelivered`.",
    ),
    Ending(
        "replace",
        "calls `self.replace(...)`",
        {**_ONCE, "ignored": 1},
        note="To Celery it is an `Ignore`; the task that takes its place counts by itself.",
    ),
    Ending("replacement", "takes the place of another task", {**_ONCE, "success": 1}),
    Ending(
        "unserialisable",
        "returns what cannot be serialised, with a result backend",
        {**_ONCE, "failure": 1, "exception.EncodeError": 1},
    ),
    Ending(
        "soft_limit",
        "exceeds its soft time limit",
        {**_ONCE, "failure": 1, "exception.SoftTimeLimitExceeded": 1},
        pools=PREFORK,
    ),
    Ending(
        "hard_limit",
        "exceeds its hard time limit",
        {**_ONCE, "failure": 1, "timeout": 1, "exception.TimeLimitExceeded": 1},
        perhaps=frozenset({"postrun"}),
        pools=PREFORK | {"gevent"},
    ),
    Ending(
        "soft_limit_unheeded",
        "exceeds its soft time limit in a pool that has none",
        {**_ONCE, "success": 1},
        pools=IN_MAIN | GREEN,
    ),
    Ending(
        "hard_limit_unheeded",
        "exceeds its hard time limit in a pool that has none",
        {**_ONCE, "success": 1},
        pools=IN_MAIN | {"eventlet"},
    ),
    Ending(
        "exit",
        "calls `sys.exit()`",
        {**_ONCE, "failure": 1, "lost": 1, "exception.WorkerLostError": 1},
        pools=PREFORK,
        brokers=ASYNC_BROKERS,
        note="To Celery it is a lost worker.",
    ),
    Ending(
        "exit_with_result",
        "calls `sys.exit()` with a result backend, in Celery 5.3 to 5.6",
        _ONCE,
        runtimes=0,
        pools=PREFORK,
        brokers=ASYNC_BROKERS,
        celeries=EVERY_CELERY - {"newest"},
        note="Celery fails to store the `SystemExit` as JSON and then tells nobody.",
    ),
    Ending(
        "exit_in_place",
        "calls `sys.exit()` in a pool without processes",
        {**_ONCE, "aborted": 1},
        pools=frozenset({"threads"}) | GREEN,
        note="Celery's own handling of it fails: a solo worker ends.",
    ),
    Ending(
        "killed",
        "has its process killed (`SIGKILL`, out of memory)",
        {
            **_SENT,
            "prerun": 1,
            "failure": 1,
            "lost": 1,
            "exception.WorkerLostError": 1,
        },
        pools=PREFORK,
    ),
    Ending(
        "process_exit",
        "ends its process at once (`os._exit`)",
        {
            **_SENT,
            "prerun": 1,
            "failure": 1,
            "lost": 1,
            "exception.WorkerLostError": 1,
        },
        pools=PREFORK,
        brokers=ASYNC_BROKERS,
    ),
    Ending(
        "killed_requeued",
        "has its process killed, with `acks_late` and `reject_on_worker_lost`, and then returns",
        {
            "published": 1,
            "received": 2,
            "prerun": 2,
            "postrun": 1,
            "redelivered": 1,
            "success": 1,
        },
        pools=PREFORK,
        brokers=ASYNC_BROKERS,
        note="Celery tells nobody that the first run was lost: only `prerun` shows it.",
    ),
    Ending(
        "revoked_running",
        "is revoked with `terminate=True` while it runs",
        {**_ONCE, "revoked": 1},
        perhaps=frozenset({"postrun"}),
        pools=PREFORK | GREEN,
    ),
    Ending(
        "revoked_by_kill",
        "is revoked with `terminate=True, signal='SIGKILL'` while it runs",
        {**_SENT, "prerun": 1, "revoked": 1},
        pools=PREFORK,
        brokers=ASYNC_BROKERS,
    ),
    Ending(
        "revoked_unheeded",
        "is revoked with `terminate=True` while it runs, in a pool that cannot end it",
        {**_ONCE, "success": 1},
        pools=IN_MAIN,
    ),
    Ending(
        "revoked_queued",
        "is revoked before it starts",
        {**_SENT, "revoked": 1},
        runtimes=0,
        perhaps=frozenset({"received"}),
        note="It was `received` if it had reached a worker before.",
    ),
    Ending(
        "expired",
        "expires before it reaches a worker",
        {"published": 1, "revoked": 1},
        runtimes=0,
    ),
    Ending(
        "expired_waiting",
        "expires while it waits in a worker for its eta",
        {**_SENT, "revoked": 1},
        runtimes=0,
    ),
    Ending(
        "unregistered",
        "has a name that no task of the worker has",
        {"published": 1},
        runtimes=0,
        elsewhere={"unknown": 1},
        note="Counted for the queue and the worker: a stranger's names have no end.",
    ),
    Ending(
        "warm_shutdown",
        "runs while its worker is told to stop (`SIGTERM`)",
        {**_ONCE, "success": 1},
    ),
    Ending(
        "cold_shutdown",
        "runs while its worker is told to stop at once (`SIGQUIT`)",
        {**_ONCE, "aborted": 1},
        perhaps=frozenset({"postrun"}),
        pools=PREFORK,
        brokers=ASYNC_BROKERS,
        celeries=EVERY_CELERY - {"5.3", "5.4"},
        note="Celery 5.3 and 5.4 call it a lost worker: `failure` and `lost`.",
    ),
    Ending("eager", "is called in place with `apply()`", {**_RAN, "success": 1}),
    Ending("chain", "is each part of a chain of two", {**_TWICE, "success": 2}, runtimes=2),
    Ending("group", "is each part of a group of three", {**_THRICE, "success": 3}, runtimes=3),
    Ending(
        "chord",
        "is each part of a chord of two, and its callback",
        {**_THRICE, "success": 3},
        runtimes=3,
    ),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """An ending of which we count `leaf` and Celery's own events tell something else."""

    ending: str
    leaf: str
    events: frozenset[str]
    why: str


DIFFERENCES: tuple[Difference, ...] = (
    Difference("ignore", "ignored", frozenset(), "an `Ignore` sends no event"),
    Difference("reject_early", "rejected", frozenset({"task-failed"}), "to events it is a failure"),
    Difference(
        "reject_late", "rejected", frozenset({"task-failed", "task-rejected"}), "events tell both"
    ),
    Difference(
        "killed_requeued",
        "redelivered",
        frozenset({"task-rejected", "task-succeeded"}),
        "events take the lost run for a rejected one",
    ),
    Difference("hard_limit", "timeout", frozenset({"task-failed"}), "an event has no why"),
    Difference("killed", "lost", frozenset({"task-failed"}), "an event has no why"),
)
