"""What the catalogue's metrics are called in Prometheus.

The rule: `celery_<family>_<leaf>`, or `celeryscope_<leaf>` for own numbers; what a path holds
beside its leaf becomes labels, a unit becomes the base unit, and what happens is a participle:

    celery.task.proj.billing-tasks.charge.prerun
    celery_task_started_total{task="proj.billing.tasks.charge"}
"""

from dataclasses import dataclass

from celeryscope.metrics import CATALOGUE, Family, Kind, Metric

SUBJECT_LABELS = {
    Family.TASK: "task",
    Family.QUEUE: "queue",
    Family.WORKER: "worker",
    Family.BEAT: "entry",
    Family.SELF: "",
}
TYPES = {
    Kind.COUNTER: "counter",
    Kind.TIMER: "histogram",
    Kind.GAUGE: "gauge",
    Kind.SET: "gauge",
}
OPEN = "*"
# The label that tells what stands in the open node of a leaf, by the node before it.
_OPEN_LABELS = {
    "bad_lines": "reason",
    "dropped": "place",
    "exception": "exception",
    "outputs": "output",
}
_WORDS = {
    "exception": "exceptions",
    "failure": "failed",
    "outputs": "output",
    "packets": "datagrams",
    "postrun": "finished",
    "prerun": "started",
    "retry": "retried",
    "success": "succeeded",
    "timeout": "timed_out",
    "wait_clamped": "waits_clamped",
}
MS_A_SECOND = 1000.0
# What Prometheus' base unit is called, and how many of ours it is.
_BASE_UNITS = {"ms": ("seconds", MS_A_SECOND), "%": ("ratio", 100.0)}


@dataclass(frozen=True, slots=True)
class Name:
    """One metric: `base` is its name without a counter's `_total`.

    A value divided by `divisor` is in Prometheus' base unit. The label `subject` tells whose number
    it is, `detail` of which sort; "" is none.
    """

    base: str
    kind: Kind
    help: str
    divisor: float = 1.0
    subject: str = ""
    detail: str = ""

    @property
    def text(self) -> str:
        """Return the name that queries use."""
        return f"{self.base}_total" if self.kind is Kind.COUNTER else self.base

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label for label in (self.subject, self.detail) if label)


def name_of(metric: Metric) -> Name:
    """Return what a metric of the catalogue is called."""
    nodes = metric.leaf.split(".")
    unit, divisor = _BASE_UNITS.get(metric.unit, ("", 1.0))
    scope = [metric.family.value]
    if metric.family is not Family.SELF:
        scope.insert(0, "celery")
    words = [*(_WORDS.get(node, node) for node in nodes if node != OPEN), unit]
    return Name(
        base="_".join(filter(None, [*scope, *words])),
        kind=metric.kind,
        help=metric.help,
        divisor=divisor,
        subject=SUBJECT_LABELS[metric.family],
        detail=_OPEN_LABELS[nodes[nodes.index(OPEN) - 1]] if OPEN in nodes else "",
    )


NAMES: dict[tuple[Family, str], Name] = {(m.family, m.leaf): name_of(m) for m in CATALOGUE}
