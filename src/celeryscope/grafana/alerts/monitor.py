"""Alerts on the monitor itself: one that is away or hears nothing, and one that loses data."""

from celeryscope.grafana.alerts.alert import Alert, Query, Recording, Severity, duration, number
from celeryscope.grafana.alerts.promql import increase, since_birth
from celeryscope.grafana.alerts.targets import counted
from celeryscope.grafana.alerts.thresholds import HOUR, LOSSES, MINUTE
from celeryscope.grafana.catalogue.keys import ITSELF
from celeryscope.grafana.queries import prometheus
from celeryscope.metrics import CATALOGUE, Family, Metric
from celeryscope.outputs.prometheus.names import OPEN

_S = Family.SELF
_SILENCE = 10 * MINUTE
_LOSS_WINDOW, _LOSING = 5 * MINUTE, 10 * MINUTE
_LOST = f"celeryscope:lost:increase{duration(_LOSS_WINDOW)}"
_LOSSES = tuple(metric for metric in CATALOGUE if metric.loss)


def alerts() -> tuple[Alert, ...]:
    return _silent(), _losing()


def recordings() -> tuple[Recording, ...]:
    """Return what was lost, under one name for all the counters that tell of it."""
    return tuple(map(_recording, _LOSSES))


def _silent() -> Alert:
    received = prometheus(_S, "packets")
    return Alert(
        name="CeleryscopeSilent",
        severity=Severity.CRITICAL,
        title="celeryscope is silent",
        summary="celeryscope is away, or hears nothing",
        description=(
            f"celeryscope has received nothing for {duration(_SILENCE)}, or does not answer: no "
            "other alert on Celery can fire. Every worker sends every ten seconds."
        ),
        hold=2 * MINUTE,
        runbook="monitor-silent",
        panel=(ITSELF, "Datagrams"),
        queries=(Query("received", counted(_S, "packets"), _SILENCE),),
        condition="$received == 0",
        expression=(
            f"absent({received})\n"
            f"or count by (job) (present_over_time({received}[{duration(HOUR)}])) "
            f"unless count by (job) ({received})\n"
            f"or sum by (job) ({increase(received, _SILENCE)}) == 0"
        ),
        dead_man=True,
    )


def _losing() -> Alert:
    least = number(LOSSES.value - 0.5)
    paths = ", ".join(counted(_S, metric.leaf) for metric in _LOSSES)
    named = r'"^.*celeryscope\.(.+)\.count$", "\1"'
    return Alert(
        name="CeleryscopeLosingData",
        severity=Severity.WARNING,
        title="celeryscope loses data",
        summary="celeryscope loses data: {subject}",
        description=(
            f"At least {LOSSES.value:g} in {duration(_LOSS_WINDOW)}, for {duration(_LOSING)}, "
            "were lost or refused, as {subject} counts them: what is shown is less than what is."
        ),
        hold=_LOSING,
        runbook="monitor-losing-data",
        panel=(ITSELF, "Losses"),
        queries=(Query("lost", f"aliasSub(group({paths}), {named})", _LOSS_WINDOW),),
        condition=f"$lost > {least}",
        expression=f"{_LOST} > {least}",
        subject="counter",
    )


def _recording(metric: Metric) -> Recording:
    return Recording(
        _LOST,
        since_birth(prometheus(_S, metric.leaf), _LOSS_WINDOW),
        labels={"counter": ".".join(node for node in metric.leaf.split(".") if node != OPEN)},
    )
