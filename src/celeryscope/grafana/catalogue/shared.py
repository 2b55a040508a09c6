"""Panels that several dashboards have, each about the numbers of its own scope."""

from celeryscope.grafana.catalogue import keys
from celeryscope.grafana.catalogue.looks import (
    FEW_FAIL,
    HALF,
    LOW,
    NEARLY_ALL,
    SIXTH,
    SLOW,
    SPREAD,
    THIRD,
    outcomes,
)
from celeryscope.grafana.catalogue.objectives import (
    backlog,
    failed,
    failed_in_range,
    waited_within,
)
from celeryscope.grafana.catalogue.scopes import Scope
from celeryscope.grafana.catalogue.terms import MOST, heat, percentile_by, rate_by, total, total_by
from celeryscope.grafana.model import Chart, Color, Edition, Link, Panel, Unit

_TASK = Link(keys.TASK, "name")


def runs(scope: Scope, link: Link) -> Panel:
    return Panel(
        "Runs",
        "How many runs started in this range?",
        Chart.NUMBER,
        Unit.COUNT,
        (total(scope, "prerun", "started"),),
        link,
        SIXTH,
        LOW,
    )


def failed_runs(scope: Scope, link: Link) -> Panel:
    return Panel(
        "Failed",
        "Which share of the runs that ended in this range failed for good?",
        Chart.NUMBER,
        Unit.SHARE,
        (failed_in_range(scope, "failed"),),
        link,
        SIXTH,
        LOW,
        steps=FEW_FAIL,
    )


def retries(scope: Scope, link: Link) -> Panel:
    return Panel(
        "Retries",
        "How many runs asked to be run again in this range?",
        Chart.NUMBER,
        Unit.COUNT,
        (total(scope, "retry", "retried"),),
        link,
        SIXTH,
        LOW,
    )


def waits_within_target(scope: Scope, link: Link, width: int) -> Panel:
    return Panel(
        "Waits within the target",
        "Which share of waits kept within the chosen target in this range?",
        Chart.NUMBER,
        Unit.SHARE,
        (waited_within(scope, "within"),),
        link,
        width,
        LOW,
        first=Color.RED,
        steps=NEARLY_ALL,
        notes={
            Edition.GRAPHITE: "Counted in intervals and queues: one is within if 95 % of its runs "
            "were.",
            Edition.PROMETHEUS: "Counted in runs.",
        },
    )


def ends(scope: Scope, link: Link) -> Panel:
    return Panel(
        "Runs by how they ended",
        "How much is being done, and with which result?",
        Chart.STACK,
        Unit.RATE,
        outcomes(scope),
        link,
        HALF,
    )


def failures_over_time(scope: Scope, link: Link) -> Panel:
    return Panel(
        "Runs that failed",
        "When did runs fail? Failures as a share of the runs that ended.",
        Chart.LINES,
        Unit.SHARE,
        (failed(scope, "failed"),),
        link,
        HALF,
        highest=1,
    )


def started_by_task(scope: Scope) -> Panel:
    return Panel(
        "Runs by task",
        "What runs most often?",
        Chart.LINES,
        Unit.RATE,
        (rate_by(scope, "prerun", MOST),),
        _TASK,
        HALF,
    )


def run_time_by_task(scope: Scope) -> Panel:
    return Panel(
        "Run time by task",
        "What is slow? The 95th percentile of the slowest tasks.",
        Chart.LINES,
        Unit.DURATION,
        (percentile_by(scope, "runtime", 95, MOST),),
        _TASK,
        HALF,
        logarithmic=True,
    )


def spread_of_run_times(scope: Scope, link: Link, percents: str) -> Panel:
    return Panel(
        "Spread of run times",
        "How long do runs take, and is there a group that takes much longer than the rest?",
        Chart.HEATMAP,
        Unit.DURATION,
        (heat(scope, "runtime", percents),),
        link,
        HALF,
        notes=SPREAD,
    )


def exceptions(scope: Scope, link: Link, width: int) -> Panel:
    return Panel(
        "Exceptions",
        "Why do runs fail? The classes of exceptions that ended most runs in this range.",
        Chart.BARS,
        Unit.COUNT,
        (total_by(scope, "exception.*", MOST),),
        link,
        width,
    )


def wait_by_queue(scope: Scope, link: Link, width: int) -> Panel:
    return Panel(
        "Wait by queue",
        "Which queue is late? The 95th percentile of each queue's waits.",
        Chart.LINES,
        Unit.DURATION,
        (percentile_by(scope, "wait", 95, MOST),),
        link,
        width,
        steps=SLOW,
    )


def published_and_not_started(scope: Scope, link: Link) -> Panel:
    return Panel(
        "Published and not started",
        "How much has piled up since the range began? Below 0 a backlog is being worked off. "
        "Messages that wait for their time count, and those that were revoked.",
        Chart.LINES,
        Unit.COUNT,
        (backlog(scope, "waiting"),),
        link,
        THIRD,
    )
