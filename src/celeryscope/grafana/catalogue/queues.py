"""Queues and the workers that empty them, and beat that fills them."""

from celeryscope.grafana.catalogue import keys
from celeryscope.grafana.catalogue.looks import (
    DECILES,
    HALF,
    LOW,
    NEARLY_FULL,
    NONE_ONLINE_IS_BAD,
    QUARTER,
    SLOW,
    SPREAD,
    THIRD,
)
from celeryscope.grafana.catalogue.scopes import BEAT, CHOSEN_QUEUES, CHOSEN_WORKERS
from celeryscope.grafana.catalogue.shared import (
    published_and_not_started,
    wait_by_queue,
    waits_within_target,
)
from celeryscope.grafana.catalogue.slots import busy_share, busy_share_by
from celeryscope.grafana.catalogue.terms import (
    gauge,
    gauge_by,
    heat,
    mean_by,
    percentile,
    percentile_by,
    rate,
    rate_by,
    total_by,
)
from celeryscope.grafana.catalogue.variables import (
    JOB,
    PREFIX_TEXT,
    QUEUE_GRAPHITE,
    QUEUE_PROMETHEUS,
    TARGET_GRAPHITE,
    TARGET_PROMETHEUS,
    WORKER_GRAPHITE,
    WORKER_PROMETHEUS,
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

_TASKS = Link(keys.TASKS)
_QUEUE = Link(keys.QUEUES, "queue")
_WORKER = Link(keys.QUEUES, "worker")
_ITSELF = Link(keys.ITSELF)

_QUEUES = Row(
    "Queues",
    (
        Panel(
            "Wait",
            "How long do runs wait in the worst of these queues now? The 95th percentile.",
            Chart.NUMBER,
            Unit.DURATION,
            (percentile(CHOSEN_QUEUES, "wait", 95, "p95"),),
            _TASKS,
            QUARTER,
            LOW,
            steps=SLOW,
        ),
        waits_within_target(CHOSEN_QUEUES, _TASKS, QUARTER),
        Panel(
            "Published and started",
            "Do workers keep up with these queues?",
            Chart.LINES,
            Unit.RATE,
            (
                rate(CHOSEN_QUEUES, "published", "published", Color.BLUE),
                rate(CHOSEN_QUEUES, "prerun", "started", Color.GREEN),
            ),
            _TASKS,
            HALF,
            LOW,
        ),
        wait_by_queue(CHOSEN_QUEUES, _QUEUE, THIRD),
        Panel(
            "Mean wait by queue",
            "How long does a run wait on average?",
            Chart.LINES,
            Unit.DURATION,
            (mean_by(CHOSEN_QUEUES, "wait"),),
            _QUEUE,
            THIRD,
        ),
        Panel(
            "Spread of waits",
            "Do all runs wait alike, or do some wait far longer?",
            Chart.HEATMAP,
            Unit.DURATION,
            (heat(CHOSEN_QUEUES, "wait", DECILES),),
            _TASKS,
            THIRD,
            notes=SPREAD,
        ),
        Panel(
            "Published by queue",
            "What fills these queues?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(CHOSEN_QUEUES, "published"),),
            _QUEUE,
            THIRD,
        ),
        Panel(
            "Started by queue",
            "What is taken from these queues?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(CHOSEN_QUEUES, "prerun"),),
            _QUEUE,
            THIRD,
        ),
        published_and_not_started(CHOSEN_QUEUES, _TASKS),
    ),
)
_WORKERS = Row(
    "Workers",
    (
        Panel(
            "Workers online",
            "How many workers take tasks?",
            Chart.NUMBER,
            Unit.COUNT,
            (gauge(CHOSEN_WORKERS, "online", "online"),),
            _ITSELF,
            QUARTER,
            LOW,
            first=Color.RED,
            steps=NONE_ONLINE_IS_BAD,
        ),
        Panel(
            "Slots busy",
            "Is there room? Runs at work as a share of what these pools can hold.",
            Chart.NUMBER,
            Unit.SHARE,
            (busy_share(CHOSEN_WORKERS, "busy"),),
            _TASKS,
            QUARTER,
            LOW,
            steps=NEARLY_FULL,
        ),
        Panel(
            "Online by worker",
            "Which worker came or went, and when? 1 is online, 0 has stopped; a line that ends was "
            "heard of no more.",
            Chart.LINES,
            Unit.COUNT,
            (gauge_by(CHOSEN_WORKERS, "online"),),
            _WORKER,
            HALF,
            LOW,
            highest=1,
        ),
        Panel(
            "Slots busy by worker",
            "Which worker is full, and which is idle?",
            Chart.LINES,
            Unit.SHARE,
            (busy_share_by(CHOSEN_WORKERS),),
            _WORKER,
            THIRD,
            steps=NEARLY_FULL,
            highest=1,
        ),
        Panel(
            "Started by worker",
            "Is work shared evenly?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(CHOSEN_WORKERS, "prerun"),),
            _WORKER,
            THIRD,
        ),
        Panel(
            "Finished by worker",
            "Which worker does not get done what it starts?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(CHOSEN_WORKERS, "postrun"),),
            _WORKER,
            THIRD,
        ),
        Panel(
            "Unknown tasks by queue",
            "Which queues bring messages for tasks that a worker does not have? Such messages are "
            "thrown away.",
            Chart.BARS,
            Unit.COUNT,
            (total_by(CHOSEN_QUEUES, "unknown"),),
            _QUEUE,
            HALF,
            LOW,
        ),
        Panel(
            "Unknown tasks by worker",
            "Which workers get messages for tasks that they do not have, as after half a deploy?",
            Chart.BARS,
            Unit.COUNT,
            (total_by(CHOSEN_WORKERS, "unknown"),),
            _WORKER,
            HALF,
            LOW,
        ),
    ),
)
_BEAT = Row(
    "Beat",
    (
        Panel(
            "Sent by entry",
            "Does beat still send what is due?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(BEAT, "sent"),),
            _TASKS,
            THIRD,
        ),
        Panel(
            "Sent in this range",
            "How often was each entry of the schedule sent?",
            Chart.BARS,
            Unit.COUNT,
            (total_by(BEAT, "sent"),),
            _TASKS,
            THIRD,
        ),
        Panel(
            "Lateness by entry",
            "How late is what beat sends? The 95th percentile.",
            Chart.LINES,
            Unit.DURATION,
            (percentile_by(BEAT, "lateness", 95),),
            _TASKS,
            THIRD,
            steps=SLOW,
        ),
    ),
)

DASHBOARD = Dashboard(
    keys.QUEUES,
    "Queues and workers",
    "Which queue is late, and which worker is full or gone?",
    {
        Edition.GRAPHITE: (PREFIX_TEXT, QUEUE_GRAPHITE, WORKER_GRAPHITE, TARGET_GRAPHITE),
        Edition.PROMETHEUS: (JOB, QUEUE_PROMETHEUS, WORKER_PROMETHEUS, TARGET_PROMETHEUS),
    },
    (_QUEUES, _WORKERS, _BEAT),
)
