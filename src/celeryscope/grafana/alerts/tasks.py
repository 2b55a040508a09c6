"""Alerts on tasks: runs that are tried again and again, and runs whose process goes away."""

from celeryscope.grafana.alerts.alert import Alert, Query, Severity, duration, number, percent
from celeryscope.grafana.alerts.promql import increase, total
from celeryscope.grafana.alerts.targets import by_task
from celeryscope.grafana.alerts.thresholds import LOST_RUNS, MINUTE, RETRIES, RETRY_SHARE
from celeryscope.grafana.catalogue.keys import TASK, TASKS
from celeryscope.grafana.queries import prometheus
from celeryscope.metrics import Family

_T = Family.TASK
_RETRY_WINDOW = 15 * MINUTE
_LOST_WINDOW = 30 * MINUTE


def alerts() -> tuple[Alert, ...]:
    return _retry_storm(), _runs_lost()


def _retry_storm() -> Alert:
    retried = total(_T, increase(prometheus(_T, "retry"), _RETRY_WINDOW))
    started = total(_T, increase(prometheus(_T, "prerun"), _RETRY_WINDOW))
    window, share = duration(_RETRY_WINDOW), RETRY_SHARE.value
    return Alert(
        name="CeleryRetryStorm",
        severity=Severity.WARNING,
        title="Celery task retries in a storm",
        summary="{subject} mostly retries",
        description=(
            f"In the last {window} more than {percent(share)} of the runs of {{subject}} "
            f"ended by asking to be run again, {RETRIES.value:g} of them at least."
        ),
        hold=5 * MINUTE,
        runbook="retry-storm",
        panel=(TASKS, "Retries by task"),
        queries=(
            Query("retried", by_task("retry"), _RETRY_WINDOW),
            Query("started", by_task("prerun"), _RETRY_WINDOW),
        ),
        condition=(
            f"$retried > {number(RETRIES.value - 0.5)} && $retried > {number(share)} * $started"
        ),
        expression=(
            f"{retried} / {started} > {number(share)}\n"
            f"and {retried} > {number(RETRIES.value - 0.5)}"
        ),
        subject="task",
    )


def _runs_lost() -> Alert:
    lost = total(_T, increase(prometheus(_T, "lost"), _LOST_WINDOW))
    least, window = number(LOST_RUNS.value - 0.5), duration(_LOST_WINDOW)
    return Alert(
        name="CeleryRunsLost",
        severity=Severity.WARNING,
        title="Celery loses processes under their runs",
        summary="Processes go away under {subject}",
        description=(
            f"In the last {window} at least {LOST_RUNS.value:g} runs of {{subject}} ended with "
            "their process: killed, out of memory, or crashed."
        ),
        hold=0,
        runbook="runs-lost",
        panel=(TASK, "Killed"),
        queries=(Query("lost", by_task("lost"), _LOST_WINDOW),),
        condition=f"$lost > {least}",
        expression=f"{lost} > {least}",
        subject="task",
    )
