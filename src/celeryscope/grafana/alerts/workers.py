"""Alerts on workers and beat: those that fell silent without a good-bye."""

from celeryscope.grafana.alerts.alert import Alert, Query, Severity, duration, number
from celeryscope.grafana.alerts.promql import increase, total
from celeryscope.grafana.alerts.targets import counted
from celeryscope.grafana.alerts.thresholds import BEATS, HOUR, MINUTE
from celeryscope.grafana.catalogue.keys import QUEUES
from celeryscope.grafana.queries import graphite, prometheus
from celeryscope.metrics import Family

_NOW = 2 * MINUTE
_POINTS = 500
_SILENCE = 15 * MINUTE
_SENT = f"sumSeries({counted(Family.BEAT, 'sent')})"


def alerts() -> tuple[Alert, ...]:
    return _lost(), _beat_silent()


def _lost() -> Alert:
    online = prometheus(Family.WORKER, "online")
    gauge = graphite(Family.WORKER, "online")
    return Alert(
        name="CeleryWorkerLost",
        severity=Severity.WARNING,
        title="Celery worker lost",
        summary="{subject} fell silent",
        description=(
            f"{{subject}} took tasks within the last {duration(HOUR)}, and fell silent without "
            "saying that it stopped: killed, cut off, or stuck."
        ),
        hold=2 * MINUTE,
        runbook="worker-lost",
        panel=(QUEUES, "Online by worker"),
        queries=(
            Query(
                "known",
                f"aliasByNode(transformNull(keepLastValue({gauge}), -1), -2)",
                HOUR,
                points=_POINTS,
            ),
            Query("now", f"aliasByNode(transformNull({gauge}, -1), -2)", _NOW),
        ),
        condition="$known > 0 && $now < 0",
        expression=(
            f"last_over_time({online}[{duration(HOUR)}]) > 0\n"
            f"unless {online}\n"
            "and on (job, instance) up == 1"
        ),
        subject="worker",
    )


def _beat_silent() -> Alert:
    sent = prometheus(Family.BEAT, "sent")
    before = total(Family.BEAT, increase(sent, HOUR, ago=_SILENCE), "entry")
    lately = total(Family.BEAT, increase(sent, _SILENCE), "entry")
    least = number(BEATS.value - 0.5)
    return Alert(
        name="CeleryBeatSilent",
        severity=Severity.CRITICAL,
        title="Celery beat is silent",
        summary="Beat sends nothing any more",
        description=(
            f"Beat sent nothing in the last {duration(_SILENCE)}, and at least {BEATS.value:g} "
            "messages in the hour before."
        ),
        hold=5 * MINUTE,
        runbook="beat-silent",
        panel=(QUEUES, "Sent by entry"),
        queries=(
            Query("before", _SENT, HOUR, ago=_SILENCE),
            Query("lately", _SENT, _SILENCE),
        ),
        condition=f"$before > {least} && $lately == 0",
        expression=f"{before} > {least}\nunless {lately} > 0",
    )
