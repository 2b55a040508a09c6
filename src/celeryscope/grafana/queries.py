"""What a metric of the catalogue is called in a query.

`graphite(TASK, "runtime", "mean_90")` is its path, `prometheus(TASK, "runtime", "bucket")` its
selector:

    stats.timers.celery.task.*.*.*.runtime.mean_90
    celery_task_runtime_seconds_bucket
"""

from celeryscope.metrics import CATALOGUE, Family, Kind
from celeryscope.namespace import DEFAULT_NAMING
from celeryscope.outputs.prometheus.names import NAMES, OPEN
from celeryscope.statistics import reading

PREFIX = "celery"
"""The prefix of the library's series, unless it is set."""

SUBJECTS = {
    Family.TASK: "*.*.*",
    Family.QUEUE: "*",
    Family.WORKER: "*",
    Family.BEAT: "*",
    Family.SELF: "",
}
"""All of a family: as many nodes as its subjects have in the layout `levels`."""

_METRICS = {(metric.family, metric.leaf): metric for metric in CATALOGUE}
_PARTS = ("bucket", "count", "sum")
_STATISTICS = {Kind.COUNTER: ("count", "rate"), Kind.GAUGE: ("",)}


def graphite(
    family: Family,
    leaf: str,
    statistic: str = "",
    subject: str | None = None,
    prefix: str = PREFIX,
) -> str:
    """Return a metric's path; `subject` are the nodes that say whose it is, None for all.

    `statistic` is `count` or `rate` of a counter, one or several in braces of a timer, "" of a
    gauge.

    Raises:
        KeyError: The catalogue has no such metric.
        ValueError: Its kind has no such statistic.
    """
    metric = _METRICS[family, leaf]
    for one in _choices(statistic):
        known = reading(one) if metric.kind is Kind.TIMER else one in _STATISTICS[metric.kind]
        if not known:
            raise ValueError(f"{metric.kind.value} have no statistic {one!r}")
    whose = SUBJECTS[family] if subject is None else subject
    place = DEFAULT_NAMING.place(metric.kind, statistic)
    scope = family.value if family is Family.SELF else f"{prefix}.{family.value}"
    return place.before + ".".join(filter(None, (scope, whose, leaf))) + place.after


def prometheus(family: Family, leaf: str, part: str = "", matchers: str = "") -> str:
    """Return a metric's selector; a histogram's needs a `part`: `bucket`, `count` or `sum`.

    Raises:
        KeyError: The catalogue has no such metric.
        ValueError: It has no such part.
    """
    name = NAMES[family, leaf]
    if (part in _PARTS) is not (name.kind is Kind.TIMER) or (part and part not in _PARTS):
        raise ValueError(f"{name.text} has no part {part!r}")
    selected = f"{name.text}_{part}" if part else name.text
    return f"{selected}{{{matchers}}}" if matchers else selected


def label(family: Family, leaf: str) -> str:
    """Return the label that tells what stands in a leaf's open node."""
    return NAMES[family, leaf].detail


def is_open(leaf: str) -> bool:
    """Tell whether a leaf has a series for each class, reason or place."""
    return OPEN in leaf.split(".")


def _choices(statistic: str) -> list[str]:
    """Return a statistic, or each of those in braces: `upper_{50,90}` is two."""
    before, brace, rest = statistic.partition("{")
    inside, _, after = rest.partition("}")
    return [f"{before}{one}{after}" for one in inside.split(",")] if brace else [statistic]
