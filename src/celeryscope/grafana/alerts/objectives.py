"""Alerts on objectives: a budget that burns fast over a long window, and over a short one still.

A share of late runs has no series in Graphite; that more than 14.4 % of them waited longer than
30 seconds is the same as their 85.6th percentile being above 30 seconds.
"""

from celeryscope.grafana.alerts.alert import Alert, Query, Recording, duration, number, percent
from celeryscope.grafana.alerts.promql import increase, total
from celeryscope.grafana.alerts.targets import by_task
from celeryscope.grafana.alerts.thresholds import (
    BURN_WINDOWS,
    DAY,
    IN_TIME,
    LEAST_BAD_RUNS,
    LEAST_RUNS,
    SUCCESS,
    TIME_TO_START,
    BurnWindow,
)
from celeryscope.grafana.catalogue.keys import QUEUES, TASKS
from celeryscope.grafana.queries import graphite, prometheus
from celeryscope.metrics import Family
from celeryscope.statistics import digits

_WINDOWS = sorted({size for pair in BURN_WINDOWS for size in (pair.long, pair.short)})
_RUNS = graphite(Family.QUEUE, "wait", "count")
_MS = 1000


def alerts() -> tuple[Alert, ...]:
    return (*map(_failures, BURN_WINDOWS), *map(_waits, BURN_WINDOWS))


def recordings() -> tuple[Recording, ...]:
    """Return how many runs there were and how many bad ones, for each task, queue and window."""
    return tuple(one for size in _WINDOWS for one in (*_of_failures(size), *_of_waits(size)))


def _failures(pair: BurnWindow) -> Alert:
    long, short = duration(pair.long), duration(pair.short)
    share = pair.share(SUCCESS.value)
    return Alert(
        name=f"CeleryFailureBurn{long}",
        severity=pair.severity,
        title=f"Celery task fails too often ({long})",
        summary="{subject} fails too often",
        description=(
            f"More than {percent(share)} of the runs of {{subject}} failed over the last {long}, "
            f"and over the last {short}: a burn of {pair.burn:g} against an objective of "
            f"{percent(SUCCESS.value)}."
        ),
        hold=pair.hold,
        runbook="failure-burn",
        panel=(TASKS, "Failed by task"),
        queries=(
            Query("failedLong", by_task("failure"), pair.long),
            Query("endedLong", by_task("success", "failure"), pair.long),
            Query("failedShort", by_task("failure"), pair.short),
            Query("endedShort", by_task("success", "failure"), pair.short),
        ),
        condition=(
            f"$failedLong > {number(share)} * $endedLong"
            f" && $failedShort > {number(share)} * $endedShort"
            f" && $failedLong > {number(LEAST_BAD_RUNS.value - 0.5)}"
            f" && $endedLong > {number(LEAST_RUNS.value - 0.5)}"
        ),
        expression=(
            f"{_failed(pair.long)} / {_ended(pair.long)} > {number(share)}\n"
            f"and {_failed(pair.short)} / {_ended(pair.short)} > {number(share)}\n"
            f"and {_failed(pair.long)} > {number(LEAST_BAD_RUNS.value - 0.5)}\n"
            f"and {_ended(pair.long)} > {number(LEAST_RUNS.value - 0.5)}"
        ),
        subject="task",
        labels={"long": long, "short": short},
        slow=pair.long >= DAY,
    )


def _waits(pair: BurnWindow) -> Alert:
    long, short = duration(pair.long), duration(pair.short)
    share = pair.share(IN_TIME.value)
    least = number(pair.least_runs(IN_TIME.value) - 0.5)
    late_ms = number(TIME_TO_START.value * _MS)
    return Alert(
        name=f"CeleryWaitBurn{long}",
        severity=pair.severity,
        title=f"Celery queue starts too late ({long})",
        summary="Runs of {subject} start too late",
        description=(
            f"More than {percent(share)} of the runs of {{subject}} waited longer than "
            f"{TIME_TO_START.value:g} s over the last {long}, and over the last {short}: a burn "
            f"of {pair.burn:g} against an objective of {percent(IN_TIME.value)}."
        ),
        hold=pair.hold,
        runbook="wait-burn",
        panel=(QUEUES, "Waits within the target"),
        queries=(
            Query("waitLong", _percentile(share), pair.long),
            Query("waitShort", _percentile(share), pair.short),
            Query("runsLong", f"aliasByNode({_RUNS}, -3)", pair.long),
        ),
        condition=(f"$waitLong > {late_ms} && $waitShort > {late_ms} && $runsLong > {least}"),
        expression=(
            f"{_late(pair.long)} / {_waited(pair.long)} > {number(share)}\n"
            f"and {_late(pair.short)} / {_waited(pair.short)} > {number(share)}\n"
            f"and {_waited(pair.long)} > {least}"
        ),
        subject="queue",
        labels={"long": long, "short": short},
        slow=pair.long >= DAY,
    )


def _percentile(share: float) -> str:
    threshold = digits(100 * (1 - share))
    return f"aliasByNode({graphite(Family.QUEUE, 'wait', f'upper_{threshold}')}, -3)"


def _of_failures(seconds: int) -> tuple[Recording, ...]:
    failed = increase(prometheus(Family.TASK, "failure"), seconds)
    succeeded = increase(prometheus(Family.TASK, "success"), seconds)
    slow = seconds >= DAY
    return (
        Recording(_failed(seconds), total(Family.TASK, failed), slow=slow),
        Recording(_ended(seconds), total(Family.TASK, f"{failed} + {succeeded}"), slow=slow),
    )


def _of_waits(seconds: int) -> tuple[Recording, ...]:
    waited = increase(prometheus(Family.QUEUE, "wait", "count"), seconds)
    in_time = f'le="{float(TIME_TO_START.value)!r}"'
    started = increase(prometheus(Family.QUEUE, "wait", "bucket", in_time), seconds)
    slow = seconds >= DAY
    return (
        Recording(
            _late(seconds),
            f"{total(Family.QUEUE, waited)}\n- {total(Family.QUEUE, started, 'le')}",
            slow=slow,
        ),
        Recording(_waited(seconds), total(Family.QUEUE, waited), slow=slow),
    )


def _failed(seconds: int) -> str:
    return f"celery_task:failed:increase{duration(seconds)}"


def _ended(seconds: int) -> str:
    return f"celery_task:ended:increase{duration(seconds)}"


def _late(seconds: int) -> str:
    return f"celery_queue:late:increase{duration(seconds)}"


def _waited(seconds: int) -> str:
    return f"celery_queue:waited:increase{duration(seconds)}"
