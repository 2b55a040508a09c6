"""The first screen: is work done in time, does it fail, what is slow, is there room, since when."""

from celeryscope.grafana.catalogue import keys
from celeryscope.grafana.catalogue.looks import (
    EIGHTH,
    HALF,
    LOW,
    MIDDLE_AND_HIGH,
    NEARLY_ALL,
    NEARLY_FULL,
    NONE_IS_GOOD,
    NONE_ONLINE_IS_BAD,
    SIXTH,
    SLOW,
    SOME_LEFT,
    THIRD,
)
from celeryscope.grafana.catalogue.losses import lost, lost_in_all
from celeryscope.grafana.catalogue.objectives import (
    budget_left,
    succeeded,
)
from celeryscope.grafana.catalogue.scopes import BEAT, EVERY_QUEUE, EVERY_TASK, EVERY_WORKER
from celeryscope.grafana.catalogue.shared import (
    ends,
    exceptions,
    failures_over_time,
    published_and_not_started,
    run_time_by_task,
    spread_of_run_times,
    started_by_task,
    wait_by_queue,
    waits_within_target,
)
from celeryscope.grafana.catalogue.slots import busy_share
from celeryscope.grafana.catalogue.terms import (
    MOST,
    gauge,
    percentile,
    percentile_by,
    rate,
    rate_by,
)
from celeryscope.grafana.catalogue.variables import (
    JOB,
    OBJECTIVE,
    PREFIX_TEXT,
    TARGET_GRAPHITE,
    TARGET_PROMETHEUS,
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
_QUEUE = Link(keys.QUEUES, "queue")
_TASKS = Link(keys.TASKS)
_TASK = Link(keys.TASK, "name")
_ITSELF = Link(keys.ITSELF)

_IN_TIME = Row(
    "Is work done in time, and does it succeed?",
    (
        Panel(
            "Wait",
            "How long did the latest runs wait for a worker? The 95th percentile of the worst "
            "queue, from when a run could have started to its start: a countdown is no waiting.",
            Chart.NUMBER,
            Unit.DURATION,
            (percentile(EVERY_QUEUE, "wait", 95, "p95"),),
            _QUEUES,
            SIXTH,
            LOW,
            steps=SLOW,
        ),
        waits_within_target(EVERY_QUEUE, _QUEUES, SIXTH),
        Panel(
            "Runs that did not fail",
            "Which share of the runs that ended in this range returned a result? Retries are no "
            "ends.",
            Chart.NUMBER,
            Unit.SHARE,
            (succeeded(EVERY_TASK, "succeeded"),),
            _TASKS,
            SIXTH,
            LOW,
            first=Color.RED,
            steps=NEARLY_ALL,
        ),
        Panel(
            "Error budget left",
            "Of the failures that the chosen objective allows in this range, which share is still "
            "free? Below 0 the objective is missed.",
            Chart.NUMBER,
            Unit.SHARE,
            (budget_left(EVERY_TASK, "left"),),
            _TASKS,
            EIGHTH,
            LOW,
            first=Color.RED,
            steps=SOME_LEFT,
        ),
        Panel(
            "Workers online",
            "Does anybody take tasks? Workers that said in the last minutes that they are there.",
            Chart.NUMBER,
            Unit.COUNT,
            (gauge(EVERY_WORKER, "online", "online"),),
            _QUEUES,
            EIGHTH,
            LOW,
            first=Color.RED,
            steps=NONE_ONLINE_IS_BAD,
        ),
        Panel(
            "Slots busy",
            "Is there room? Runs at work as a share of what all pools can hold.",
            Chart.NUMBER,
            Unit.SHARE,
            (busy_share(EVERY_WORKER, "busy"),),
            _QUEUES,
            EIGHTH,
            LOW,
            steps=NEARLY_FULL,
        ),
        Panel(
            "Lost by the monitor",
            "Can these numbers be trusted? Datagrams, lines and flushes that did not make it into "
            "them, in this range.",
            Chart.NUMBER,
            Unit.COUNT,
            (lost_in_all("lost"),),
            _ITSELF,
            EIGHTH,
            LOW,
            steps=NONE_IS_GOOD,
        ),
        wait_by_queue(EVERY_QUEUE, _QUEUE, HALF),
        failures_over_time(EVERY_TASK, _TASKS),
    ),
)
_WORK = Row(
    "Rate, errors, duration",
    (
        ends(EVERY_TASK, _TASKS),
        Panel(
            "Failures by task",
            "What fails? The tasks with most failures in this range.",
            Chart.LINES,
            Unit.RATE,
            (rate_by(EVERY_TASK, "failure", MOST),),
            _TASK,
            HALF,
        ),
        run_time_by_task(EVERY_TASK),
        spread_of_run_times(EVERY_TASK, _TASKS, MIDDLE_AND_HIGH),
        exceptions(EVERY_TASK, _TASKS, HALF),
        started_by_task(EVERY_TASK),
    ),
)
_FLOW = Row(
    "Flow and room",
    (
        Panel(
            "Published and done",
            "Do workers keep up? When more is published than starts, a queue grows.",
            Chart.LINES,
            Unit.RATE,
            (
                rate(EVERY_TASK, "published", "published", Color.BLUE),
                rate(EVERY_TASK, "prerun", "started", Color.AMBER),
                rate(EVERY_TASK, "postrun", "finished", Color.GREEN),
            ),
            _QUEUES,
            THIRD,
        ),
        published_and_not_started(EVERY_QUEUE, _QUEUES),
        Panel(
            "Slots",
            "How many runs can be at work, and how many are?",
            Chart.LINES,
            Unit.COUNT,
            (gauge(EVERY_WORKER, "busy", "busy"), gauge(EVERY_WORKER, "pool_size", "slots")),
            _QUEUES,
            THIRD,
        ),
    ),
)
_SCHEDULE = Row(
    "Schedule and monitor",
    (
        Panel(
            "Sent by beat",
            "Does beat still send what is due?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(BEAT, "sent", MOST),),
            _QUEUES,
            THIRD,
        ),
        Panel(
            "Lateness of beat",
            "How late is what beat sends? The 95th percentile by schedule entry.",
            Chart.LINES,
            Unit.DURATION,
            (percentile_by(BEAT, "lateness", 95, MOST),),
            _QUEUES,
            THIRD,
            steps=SLOW,
        ),
        Panel(
            "Losses of the monitor",
            "What is missing from these numbers, and where did it get lost?",
            Chart.STACK,
            Unit.RATE,
            lost(),
            _ITSELF,
            THIRD,
        ),
    ),
)

DASHBOARD = Dashboard(
    keys.OVERVIEW,
    "Overview",
    "Is work done in time, does it fail, what is slow, and is there room?",
    {
        Edition.GRAPHITE: (PREFIX_TEXT, OBJECTIVE, TARGET_GRAPHITE),
        Edition.PROMETHEUS: (JOB, OBJECTIVE, TARGET_PROMETHEUS),
    },
    (_IN_TIME, _WORK, _FLOW, _SCHEDULE),
)
