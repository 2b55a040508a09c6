"""One task in all its numbers, with every aggregate of its times."""

from celeryscope.grafana.catalogue import keys
from celeryscope.grafana.catalogue.looks import (
    DECILES,
    HALF,
    LOW,
    NONE_IS_GOOD,
    SIXTH,
    SLOW,
    THIRD,
)
from celeryscope.grafana.catalogue.scopes import ONE_TASK
from celeryscope.grafana.catalogue.shared import (
    ends,
    exceptions,
    failed_runs,
    retries,
    runs,
    spread_of_run_times,
)
from celeryscope.grafana.catalogue.terms import (
    load,
    percentile,
    rate,
    rate_by,
    total,
)
from celeryscope.grafana.catalogue.times import aggregates, percentiles, total_time
from celeryscope.grafana.catalogue.variables import (
    JOB,
    PREFIX_TEXT,
    TASK_GRAPHITE,
    TASK_PROMETHEUS,
)
from celeryscope.grafana.model import (
    Chart,
    Color,
    Dashboard,
    Edition,
    Link,
    Panel,
    Row,
    Unit,
)

_QUEUES = Link(keys.QUEUES)
_ITSELF = Link(keys.ITSELF)
_APPROXIMATE = {
    Edition.PROMETHEUS: "Min, max and p90 come from the histogram's buckets; a histogram has no "
    "mean_90, so p90 stands in for it."
}

_SUMMARY = Row(
    "In this range",
    (
        runs(ONE_TASK, _QUEUES),
        failed_runs(ONE_TASK, _QUEUES),
        retries(ONE_TASK, _QUEUES),
        Panel(
            "Killed",
            "How many runs did not end by themselves in this range: their process went away, or "
            "the hard time limit was up?",
            Chart.NUMBER,
            Unit.COUNT,
            (total(ONE_TASK, "lost", "lost"), total(ONE_TASK, "timeout", "timed out")),
            _QUEUES,
            SIXTH,
            LOW,
            steps=NONE_IS_GOOD,
        ),
        Panel(
            "Run time",
            "How long does a run take now? The 95th percentile.",
            Chart.NUMBER,
            Unit.DURATION,
            (percentile(ONE_TASK, "runtime", 95, "p95"),),
            _QUEUES,
            SIXTH,
            LOW,
        ),
        Panel(
            "Wait",
            "How long does a run wait for a worker now? The 95th percentile.",
            Chart.NUMBER,
            Unit.DURATION,
            (percentile(ONE_TASK, "wait", 95, "p95"),),
            _QUEUES,
            SIXTH,
            LOW,
            steps=SLOW,
        ),
    ),
)
_TIMES = Row(
    "Times",
    (
        Panel(
            "Run time, percentiles",
            "How long do most runs take, and how long the slowest?",
            Chart.LINES,
            Unit.DURATION,
            percentiles(ONE_TASK, "runtime"),
            _QUEUES,
            HALF,
        ),
        Panel(
            "Run time, aggregates",
            "Shortest, mean and longest run; mean_90 is the mean without the slowest tenth.",
            Chart.LINES,
            Unit.DURATION,
            aggregates(ONE_TASK, "runtime"),
            _QUEUES,
            HALF,
            notes=_APPROXIMATE,
        ),
        spread_of_run_times(ONE_TASK, _QUEUES, DECILES),
        Panel(
            "Wait, percentiles",
            "How long do runs wait for a worker?",
            Chart.LINES,
            Unit.DURATION,
            percentiles(ONE_TASK, "wait"),
            _QUEUES,
            HALF,
            steps=SLOW,
        ),
        Panel(
            "Run time, sum",
            "How much time did all runs of an interval take together?",
            Chart.LINES,
            Unit.DURATION,
            (total_time(ONE_TASK, "runtime", "sum"),),
            _QUEUES,
            HALF,
        ),
        Panel(
            "At work at once",
            "How many slots does this task take, on average?",
            Chart.LINES,
            Unit.COUNT,
            (load(ONE_TASK, "runtime", "runs at once"),),
            _QUEUES,
            HALF,
        ),
    ),
)
_ENDS = Row(
    "Messages and ends",
    (
        ends(ONE_TASK, _QUEUES),
        Panel(
            "Published and done",
            "Do workers keep up with this task?",
            Chart.LINES,
            Unit.RATE,
            (
                rate(ONE_TASK, "published", "published", Color.BLUE),
                rate(ONE_TASK, "received", "received"),
                rate(ONE_TASK, "prerun", "started", Color.AMBER),
                rate(ONE_TASK, "postrun", "finished", Color.GREEN),
            ),
            _QUEUES,
            HALF,
        ),
        exceptions(ONE_TASK, _QUEUES, THIRD),
        Panel(
            "Exceptions over time",
            "Since when do runs fail for this reason?",
            Chart.STACK,
            Unit.RATE,
            (rate_by(ONE_TASK, "exception.*"),),
            _QUEUES,
            THIRD,
        ),
        Panel(
            "Odd runs",
            "Do messages come again, and do clocks differ between hosts?",
            Chart.LINES,
            Unit.RATE,
            (
                rate(ONE_TASK, "redelivered", "delivered before", Color.AMBER),
                rate(ONE_TASK, "wait_clamped", "waits below zero"),
            ),
            _ITSELF,
            THIRD,
        ),
    ),
)

DASHBOARD = Dashboard(
    keys.TASK,
    "Task",
    "How does this one task fare?",
    {
        Edition.GRAPHITE: (PREFIX_TEXT, TASK_GRAPHITE),
        Edition.PROMETHEUS: (JOB, TASK_PROMETHEUS),
    },
    (_SUMMARY, _TIMES, _ENDS),
)
