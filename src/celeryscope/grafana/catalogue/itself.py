"""celeryscope itself: what it receives, what it loses, whether it keeps up."""

from celeryscope.grafana.catalogue import keys
from celeryscope.grafana.catalogue.looks import HALF, LOW, NONE_IS_GOOD, QUARTER, THIRD
from celeryscope.grafana.catalogue.losses import lost, lost_in_all
from celeryscope.grafana.catalogue.scopes import ITSELF
from celeryscope.grafana.catalogue.terms import gauge, gauge_by, rate, rate_by, total_by
from celeryscope.grafana.catalogue.variables import JOB
from celeryscope.grafana.model import (
    Chart,
    Color,
    Dashboard,
    Edition,
    Link,
    Panel,
    Query,
    Row,
    Step,
    Unit,
)

_OVERVIEW = Link(keys.OVERVIEW)
_LATE = (Step(1, Color.AMBER), Step(10, Color.RED))


def _share_lost(name: str) -> Query:
    """The gauge `client.loss`, which is in percent in Graphite and a ratio in Prometheus."""
    leaf = "client.loss"
    series = f"scale(sumSeries({ITSELF.path(leaf)}), 0.01)"
    return Query(f'alias({series}, "{name}")', f"max({ITSELF.selector(leaf)})", name)


_LOSSES = Row(
    "Can the numbers be trusted?",
    (
        Panel(
            "Lost in all",
            "How much did not make it into the numbers in this range, in any way?",
            Chart.NUMBER,
            Unit.COUNT,
            (lost_in_all("lost"),),
            _OVERVIEW,
            QUARTER,
            LOW,
            steps=NONE_IS_GOOD,
        ),
        Panel(
            "Lost on the way",
            "Which share of what instrumented processes sent got lost, by their own count?",
            Chart.NUMBER,
            Unit.SHARE,
            (_share_lost("lost"),),
            _OVERVIEW,
            QUARTER,
            LOW,
            steps=(Step(0.001, Color.AMBER), Step(0.01, Color.RED)),
        ),
        Panel(
            "Series",
            "How many series does the store know? Growth without end means names without end.",
            Chart.NUMBER,
            Unit.COUNT,
            (gauge(ITSELF, "series", "series"),),
            _OVERVIEW,
            QUARTER,
            LOW,
        ),
        Panel(
            "Flush lag",
            "How late are the newest numbers?",
            Chart.NUMBER,
            Unit.DURATION,
            (gauge(ITSELF, "flush.lag", "lag"),),
            _OVERVIEW,
            QUARTER,
            LOW,
            steps=_LATE,
        ),
        Panel(
            "Losses",
            "What got lost, where, and when?",
            Chart.STACK,
            Unit.RATE,
            lost(),
            _OVERVIEW,
            THIRD,
        ),
        Panel(
            "Dropped by place",
            "Where did the server lose data in this range? `kernel` asks for a larger socket "
            "buffer, `backlog` for more CPU.",
            Chart.BARS,
            Unit.COUNT,
            (total_by(ITSELF, "dropped.*"),),
            _OVERVIEW,
            THIRD,
        ),
        Panel(
            "Refused lines by reason",
            "Which lines were no StatsD, or too many, in this range?",
            Chart.BARS,
            Unit.COUNT,
            (total_by(ITSELF, "bad_lines.*"),),
            _OVERVIEW,
            THIRD,
        ),
    ),
)
_INTAKE = Row(
    "What comes in",
    (
        Panel(
            "Datagrams",
            "How much is sent, and how much of it arrives? Clients that are not the library send, "
            "too, and are not counted as sent.",
            Chart.LINES,
            Unit.RATE,
            (
                rate(ITSELF, "client.sent", "sent by the library", Color.BLUE),
                rate(ITSELF, "packets", "received", Color.GREEN),
            ),
            _OVERVIEW,
            THIRD,
        ),
        Panel(
            "Lines",
            "How many samples arrive?",
            Chart.LINES,
            Unit.RATE,
            (
                rate(ITSELF, "lines", "StatsD lines", Color.GREEN),
                rate(ITSELF, "carbon.points", "Carbon points", Color.BLUE),
            ),
            _OVERVIEW,
            THIRD,
        ),
        Panel(
            "Waiting to be parsed",
            "Does the server keep up with what comes in?",
            Chart.LINES,
            Unit.COUNT,
            (
                gauge(ITSELF, "backlog", "datagrams"),
                gauge(ITSELF, "carbon.queue", "Carbon points"),
            ),
            _OVERVIEW,
            THIRD,
        ),
    ),
)
_STORAGE = Row(
    "What becomes of it",
    (
        Panel(
            "Flushes",
            "How late do intervals end, and how long does it take to store them?",
            Chart.LINES,
            Unit.DURATION,
            (
                gauge(ITSELF, "flush.lag", "lag"),
                gauge(ITSELF, "flush.duration", "time to store a flush"),
                gauge(ITSELF, "carbon.duration", "time to store Carbon points"),
            ),
            _OVERVIEW,
            HALF,
            steps=_LATE,
        ),
        Panel(
            "Flushes that wait or were late",
            "Does the store keep up? Late ones come with their own interval and are not lost.",
            Chart.LINES,
            Unit.COUNT,
            (
                gauge(ITSELF, "flush.queue", "waiting"),
                rate(ITSELF, "flush.late", "late, a second", Color.AMBER),
            ),
            _OVERVIEW,
            HALF,
        ),
        Panel(
            "Handed on by outputs",
            "Do Carbon, Prometheus and others get what they should?",
            Chart.LINES,
            Unit.RATE,
            (rate_by(ITSELF, "outputs.*.sent"), rate_by(ITSELF, "outputs.*.replayed")),
            _OVERVIEW,
            THIRD,
        ),
        Panel(
            "Waiting for outputs",
            "Which output does not take what it should?",
            Chart.LINES,
            Unit.COUNT,
            (gauge_by(ITSELF, "outputs.*.queue"),),
            _OVERVIEW,
            THIRD,
        ),
        Panel(
            "Dropped by outputs",
            "What could not be handed on in this range?",
            Chart.BARS,
            Unit.COUNT,
            (total_by(ITSELF, "outputs.*.dropped"),),
            _OVERVIEW,
            THIRD,
        ),
    ),
)

DASHBOARD = Dashboard(
    keys.ITSELF,
    "celeryscope itself",
    "Does the monitor lose anything, and does it keep up?",
    {Edition.GRAPHITE: (), Edition.PROMETHEUS: (JOB,)},
    (_LOSSES, _INTAKE, _STORAGE),
)
