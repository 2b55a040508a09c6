"""The panels' queries: each is one in its language, about what the catalogue has."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from celeryscope.grafana.alerts.thresholds import SUCCESS, TIME_TO_START
from celeryscope.grafana.model import Edition, Unit
from celeryscope.grafana.queries import SUBJECTS, graphite, prometheus
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.graphite.target import Call, Expression, parse
from celeryscope.graphite.target import Path as MetricPath
from celeryscope.metrics import CATALOGUE, Family, Kind
from celeryscope.namespace import DEFAULT_NAMING
from celeryscope.outputs.prometheus.histogram import BUCKETS
from celeryscope.outputs.prometheus.names import NAMES
from support.grafana import ALL, Chosen, Option, Span, Target, boards
from support.promtool import promtool

DAY = Span(1_700_000_000, 1_700_086_400)
SELECTOR = re.compile(r"\b([a-z]\w*)\{([^}]*)\}")
PARTS = ("_bucket", "_count", "_sum")
# Those of a scrape; and the bounds of a histogram's buckets.
LABELS_OF_ALL = {"job", "le"}
NODES = {
    Family.TASK: {"$app.$module.$task", "$name"},
    Family.QUEUE: {"$queue"},
    Family.WORKER: {"$worker"},
}


def of(edition: Edition) -> list[Target]:
    return [target for board in boards(edition) for target in board.targets()]


def known_paths() -> set[str]:
    """Return all that may stand before the statistic in a query."""
    known = set()
    for metric in CATALOGUE:
        family = metric.family
        scope = family.value if family is Family.SELF else f"$prefix.{family.value}"
        for nodes in {SUBJECTS[family]} | NODES.get(family, set()):
            statistic = "" if metric.kind is Kind.GAUGE else "count"
            before = DEFAULT_NAMING.place(metric.kind, statistic).before
            known.add(before + ".".join(filter(None, (scope, nodes, metric.leaf))))
    return known


def paths(expression: Expression) -> Iterator[str]:
    if isinstance(expression, MetricPath):
        yield expression.text
    elif isinstance(expression, Call):
        assert expression.function in FUNCTIONS
        for argument in expression.arguments:
            yield from paths(argument)


def test_every_graphite_target_is_one_and_asks_for_what_the_catalogue_has() -> None:
    known = known_paths()
    for target in of(Edition.GRAPHITE):
        text = target.text.replace("-$objective", "-1000").replace("$target", "1000")
        for path in paths(parse(text)):
            assert path in known or path.rpartition(".")[0] in known, target.id


def test_every_metric_in_promql_is_in_the_catalogue_with_its_labels() -> None:
    names = {name.text: name for name in NAMES.values()}
    for target in of(Edition.PROMETHEUS):
        found = SELECTOR.findall(target.text)
        assert found, target.id
        for name, matchers in found:
            histogram = next((name[: -len(p)] for p in PARTS if name.endswith(p)), name)
            metric = names.get(name) or names[histogram]
            labels = set(re.findall(r"(\w+)=~?\"", matchers))
            assert labels <= {*metric.labels, *LABELS_OF_ALL}, target.id
            assert "job" in labels, target.id


def test_every_loss_and_every_outcome_is_on_some_panel() -> None:
    texts = "\n".join(target.text for target in of(Edition.PROMETHEUS))
    missing = [name.text for name in NAMES.values() if name.text not in texts]
    assert missing == []


def test_no_event_is_counted_by_two_points_of_a_line() -> None:
    overlapping = re.compile(r"increase\([^\[]*\[\$__rate_interval\]")
    assert [one.id for one in of(Edition.PROMETHEUS) if overlapping.search(one.text)] == []


@pytest.mark.parametrize("values", [["shop.orders"], ["shop.orders", "a+b (c)"], ALL])
def test_promtool_takes_every_expression(values: Chosen, tmp_path: Path) -> None:
    rules: list[dict[str, str]] = []
    for board in boards(Edition.PROMETHEUS):
        chosen = board.choices(lambda _query: ["shop.orders.tasks.charge"], lambda _found: values)
        for target in board.targets():
            text = board.interpolated(target.text, chosen, DAY)
            assert "$" not in text, text
            rules.append({"record": f"panel:{len(rules)}", "expr": text})
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert promtool("check", "rules", str(path)) == ""


def test_levels_take_names_apart_in_both_editions() -> None:
    task = "shop.orders.tasks.charge"
    (prometheus,) = (one for one in boards(Edition.PROMETHEUS) if "-tasks-" in one.uid)
    seen: list[Sequence[Option]] = []

    def first(found: Sequence[Option]) -> list[str]:
        seen.append(found)
        return [found[0].value]

    chosen = prometheus.choices(lambda _query: [task, "reports.build"], first)
    assert chosen["app"] == ["reports."]
    assert [one.text for one in seen[1]] == ["reports", "shop"]
    assert [one.text for one in seen[2]] == ["orders.tasks"]
    assert [one.text for one in seen[3]] == ["build", "charge"]


@pytest.mark.parametrize(
    ("choice", "matched"),
    [
        ({}, {"ping", "reports.build", "shop.orders.tasks.charge", "shop.orders.tasks.recharge"}),
        ({"app": ["shop."]}, {"shop.orders.tasks.charge", "shop.orders.tasks.recharge"}),
        ({"app": ["reports.", "shop."], "task": ["build"]}, {"reports.build"}),
        ({"task": ["charge"]}, {"shop.orders.tasks.charge"}),
        ({"module": ["orders.tasks."], "task": ["charge", "ping"]}, {"shop.orders.tasks.charge"}),
        ({"task": ["ping"]}, {"ping"}),
    ],
)
def test_levels_choose_whole_parts_of_names(
    choice: dict[str, list[str]], matched: set[str]
) -> None:
    names = ["ping", "reports.build", "shop.orders.tasks.charge", "shop.orders.tasks.recharge"]
    (board,) = (one for one in boards(Edition.PROMETHEUS) if "-tasks-" in one.uid)
    chosen = {"app": ALL, "module": ALL, "task": ALL, **choice}
    pattern = board.interpolated("$app$module$task", chosen).replace(r"\\", "\\")
    assert {name for name in names if re.fullmatch(pattern, name)} == matched


@pytest.mark.parametrize(
    ("leaf", "statistic", "wrong"),
    [
        ("runtime", "avg", "timers have no statistic 'avg'"),
        ("runtime", "", "timers have no statistic ''"),
        ("runtime", "upper_{50,foo}", "timers have no statistic 'upper_foo'"),
        ("prerun", "mean", "counters have no statistic 'mean'"),
    ],
)
def test_a_path_has_only_statistics_of_its_kind(leaf: str, statistic: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        graphite(Family.TASK, leaf, statistic)


@pytest.mark.parametrize(("leaf", "part"), [("runtime", ""), ("runtime", "max"), ("prerun", "sum")])
def test_a_selector_has_only_parts_of_its_kind(leaf: str, part: str) -> None:
    with pytest.raises(ValueError, match=f"has no part '{part}'"):
        prometheus(Family.TASK, leaf, part)


def test_a_query_names_a_metric_as_both_outputs_do() -> None:
    assert graphite(Family.TASK, "runtime", "mean_90") == (
        "stats.timers.celery.task.*.*.*.runtime.mean_90"
    )
    assert graphite(Family.QUEUE, "wait", "upper_95", "mail", "shop") == (
        "stats.timers.shop.queue.mail.wait.upper_95"
    )
    assert graphite(Family.SELF, "flush.lag") == "stats.gauges.celeryscope.flush.lag"
    assert prometheus(Family.TASK, "runtime", "sum") == "celery_task_runtime_seconds_sum"
    assert prometheus(Family.BEAT, "sent", matchers='entry="a"') == (
        'celery_beat_sent_total{entry="a"}'
    )


@pytest.mark.parametrize("edition", Edition, ids=lambda one: one.value)
def test_what_is_good_enough_is_what_alerts_take_unless_the_reader_chooses(
    edition: Edition,
) -> None:
    overview = next(one for one in boards(edition) if "-overview-" in one.uid)
    objective, target = (overview.variable(name)["current"] for name in ("objective", "target"))
    assert float(objective["value"]) == pytest.approx(1 / (1 - SUCCESS.value))
    assert float(target["value"]) == Unit.DURATION.scaled(TIME_TO_START.value, edition)


def test_targets_of_waits_are_bounds_of_buckets() -> None:
    overview = next(one for one in boards(Edition.PROMETHEUS) if "-overview-" in one.uid)
    bounds = {float(one["value"]) for one in overview.variable("target")["options"]}
    assert bounds <= set(BUCKETS)
