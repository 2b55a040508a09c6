"""Alerts on queues: a run that waited long, more work than is done, and nobody who does any."""

from celeryscope.grafana.alerts.alert import Alert, Query, Severity, duration, number
from celeryscope.grafana.alerts.promql import increase, since_birth, total
from celeryscope.grafana.alerts.targets import by_queue, counted
from celeryscope.grafana.alerts.thresholds import (
    GROWTH,
    GROWTH_SHARE,
    LONGEST_WAIT,
    MINUTE,
    UNHEARD,
)
from celeryscope.grafana.catalogue.keys import QUEUES
from celeryscope.grafana.queries import graphite, prometheus
from celeryscope.metrics import Family

_MS = 1000
_Q = Family.QUEUE
_PUBLISHED, _TAKEN = counted(_Q, "published"), counted(_Q, "prerun", "unknown")
_GROWTH_TARGET = by_queue(_PUBLISHED, f"scale({_TAKEN}, -1)")
_WAIT_WINDOW = 10 * MINUTE
_GROWTH_WINDOW, _STILL = 30 * MINUTE, 5 * MINUTE
_WORKER_WINDOW = 15 * MINUTE


def alerts() -> tuple[Alert, ...]:
    return _longest_wait(), _growing(), _without_worker()


def _longest_wait() -> Alert:
    selectors = (
        prometheus(_Q, "wait", "count"),
        prometheus(_Q, "wait", "bucket", f'le="{float(LONGEST_WAIT.value)!r}"'),
    )
    all_, in_time = (since_birth(one, _WAIT_WINDOW) for one in selectors)
    return Alert(
        name="CeleryLongestWait",
        severity=Severity.WARNING,
        title="Celery run waited very long",
        summary="A run of {subject} waited longer than " + duration(int(LONGEST_WAIT.value)),
        description=(
            f"In the last {duration(_WAIT_WINDOW)} a run of {{subject}} started that had waited "
            f"longer than {duration(int(LONGEST_WAIT.value))} since it could have."
        ),
        hold=MINUTE,
        runbook="longest-wait",
        panel=(QUEUES, "Wait by queue"),
        queries=(Query("wait", f"aliasByNode({graphite(_Q, 'wait', 'upper')}, -3)", _WAIT_WINDOW),),
        condition=f"$wait > {number(LONGEST_WAIT.value * _MS)}",
        expression=f"{total(_Q, all_)}\n- {total(_Q, in_time, 'le')} > 0.5",
        subject="queue",
    )


def _growing() -> Alert:
    return Alert(
        name="CeleryQueueGrowing",
        severity=Severity.WARNING,
        title="Celery queue grows",
        summary="{subject} grows",
        description=(
            f"Over the last {duration(_GROWTH_WINDOW)} at least {GROWTH.value:g} messages more "
            f"were published to {{subject}} than runs started from it, and it still grows."
        ),
        hold=10 * MINUTE,
        runbook="queue-growing",
        panel=(QUEUES, "Published and not started"),
        queries=(
            Query("growth", _GROWTH_TARGET, _GROWTH_WINDOW),
            Query("published", by_queue(_PUBLISHED), _GROWTH_WINDOW),
            Query("still", _GROWTH_TARGET, _STILL),
        ),
        condition=(
            f"$growth > {number(GROWTH.value - 0.5)}"
            f" && $growth > {number(GROWTH_SHARE.value)} * $published && $still > 0"
        ),
        expression=(
            f"{_growth(_GROWTH_WINDOW)} > {number(GROWTH.value - 0.5)}\n"
            f"and {_growth(_GROWTH_WINDOW)} > {number(GROWTH_SHARE.value)} * "
            f"{total(_Q, increase(prometheus(_Q, 'published'), _GROWTH_WINDOW))}\n"
            f"and {_growth(_STILL)} > 0"
        ),
        subject="queue",
    )


def _without_worker() -> Alert:
    published, started, unknown = (
        total(_Q, since_birth(prometheus(_Q, leaf), _WORKER_WINDOW))
        for leaf in ("published", "prerun", "unknown")
    )
    window = duration(_WORKER_WINDOW)
    return Alert(
        name="CeleryQueueWithoutWorker",
        severity=Severity.CRITICAL,
        title="Celery queue has no worker",
        summary="Nobody takes messages from {subject}",
        description=(
            f"At least {UNHEARD.value:g} messages were published to {{subject}} in the last "
            f"{window}, and none was taken."
        ),
        hold=5 * MINUTE,
        runbook="queue-without-worker",
        panel=(QUEUES, "Started by queue"),
        queries=(
            Query("published", by_queue(_PUBLISHED), _WORKER_WINDOW),
            # With 0 of those published, a queue from which nothing ever started has a value, too.
            Query("taken", by_queue(f"scale({_PUBLISHED}, 0)", _TAKEN), _WORKER_WINDOW),
        ),
        condition=f"$published > {number(UNHEARD.value - 0.5)} && $taken == 0",
        expression=(
            f"{published} > {number(UNHEARD.value - 0.5)}\n"
            f"unless {started} > 0\n"
            f"unless {unknown} > 0"
        ),
        subject="queue",
    )


def _growth(seconds: int) -> str:
    published, started, unknown = (
        total(_Q, increase(prometheus(_Q, leaf), seconds))
        for leaf in ("published", "prerun", "unknown")
    )
    return f"({published}\n- {started}\n- {unknown})"
