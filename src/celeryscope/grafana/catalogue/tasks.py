"""Tasks beside each other: rate, errors and duration of those that the variables choose."""

from celeryscope.grafana.catalogue import keys
from celeryscope.grafana.catalogue.looks import (
    HALF,
    LOW,
    MIDDLE_AND_HIGH,
    SIXTH,
    SLOW,
    WORST,
)
from celeryscope.grafana.catalogue.objectives import failed_by
from celeryscope.grafana.catalogue.scopes import CHOSEN_TASKS
from celeryscope.grafana.catalogue.shared import (
    ends,
    exceptions,
    failed_runs,
    failures_over_time,
    retries,
    run_time_by_task,
    runs,
    spread_of_run_times,
    started_by_task,
)
from celeryscope.grafana.catalogue.terms import (
    MOST,
    load_by,
    percentile,
    percentile_by,
    rate_by,
    total,
)
from celeryscope.grafana.catalogue.variables import (
    JOB,
    LEVELS_GRAPHITE,
    LEVELS_PROMETHEUS,
    PREFIX_TEXT,
)
from celeryscope.grafana.model import (
    Chart,
    Dashboard,
    Edition,
    Link,
    Panel,
    Row,
    Unit,
)

_ONE = Link(keys.TASK)
_TASK = Link(keys.TASK, "name")
_QUEUES = Link(keys.QUEUES)

_TOGETHER = Row(
    "All chosen tasks together",
    (
        runs(CHOSEN_TASKS, _ONE),
        failed_runs(CHOSEN_TASKS, _ONE),
        Panel(
            "Failures",
            "How many runs failed for good in this range?",
            Chart.NUMBER,
            Unit.COUNT,
            (total(CHOSEN_TASKS, "failure", "failed"),),
            _ONE,
            SIXTH,
            LOW,
        ),
        retries(CHOSEN_TASKS, _ONE),
        Panel(
            "Run time, slowest task",
            f"How long does the slowest of these tasks take now? The 95th percentile. {WORST}",
            Chart.NUMBER,
            Unit.DURATION,
            (percentile(CHOSEN_TASKS, "runtime", 95, "p95"),),
            _ONE,
            SIXTH,
            LOW,
        ),
        Panel(
            "Wait, latest task",
            f"How long does the latest of these tasks wait now? The 95th percentile. {WORST}",
            Chart.NUMBER,
            Unit.DURATION,
            (percentile(CHOSEN_TASKS, "wait", 95, "p95"),),
            _QUEUES,
            SIXTH,
            LOW,
            steps=SLOW,
        ),
        ends(CHOSEN_TASKS, _ONE),
        failures_over_time(CHOSEN_TASKS, _ONE),
    ),
)
_APART = Row(
    "Task by task",
    (
        started_by_task(CHOSEN_TASKS),
        Panel(
            "Work by task",
            "What do workers spend their time on? Runs of each task at work at once, on average.",
            Chart.STACK,
            Unit.COUNT,
            (load_by(CHOSEN_TASKS, "runtime", MOST),),
            _TASK,
            HALF,
        ),
        Panel(
            "Failed by task",
            "Which tasks fail, and when? Failures as a share of the task's runs that ended.",
            Chart.LINES,
            Unit.SHARE,
            (failed_by(CHOSEN_TASKS, MOST),),
            _TASK,
            HALF,
            highest=1,
        ),
        Panel(
            "Retries by task",
            "What is tried again and again?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(CHOSEN_TASKS, "retry", MOST),),
            _TASK,
            HALF,
        ),
        run_time_by_task(CHOSEN_TASKS),
        Panel(
            "Wait by task",
            "What is late? The 95th percentile of the tasks that wait longest.",
            Chart.LINES,
            Unit.DURATION,
            (percentile_by(CHOSEN_TASKS, "wait", 95, MOST),),
            _TASK,
            HALF,
            steps=SLOW,
        ),
        spread_of_run_times(CHOSEN_TASKS, _ONE, MIDDLE_AND_HIGH),
        exceptions(CHOSEN_TASKS, _ONE, HALF),
    ),
)

DASHBOARD = Dashboard(
    keys.TASKS,
    "Tasks",
    "Which tasks run most, fail, are slow, or are late?",
    {
        Edition.GRAPHITE: (PREFIX_TEXT, *LEVELS_GRAPHITE),
        Edition.PROMETHEUS: (JOB, *LEVELS_PROMETHEUS),
    },
    (_TOGETHER, _APART),
)
