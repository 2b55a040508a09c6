import re
from collections import Counter

import pytest

from celeryscope.metrics import CATALOGUE, Family, Kind, Metric
from celeryscope.outputs.prometheus.names import NAMES, Name

every_name = pytest.mark.parametrize("name", NAMES.values(), ids=lambda name: name.text)


def named(family: Family, leaf: str) -> Name:
    return NAMES[family, leaf]


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda m: f"{m.family.value}.{m.leaf}")
def test_every_metric_of_the_catalogue_has_a_name_and_its_help(metric: Metric) -> None:
    name = named(metric.family, metric.leaf)
    assert (name.kind, name.help) == (metric.kind, metric.help)
    assert ("*" in metric.leaf) == (name.detail != "")


def test_no_two_metrics_have_one_name() -> None:
    assert set(Counter(name.base for name in NAMES.values()).values()) == {1}


@every_name
def test_a_name_is_one_that_prometheus_takes(name: Name) -> None:
    assert re.fullmatch(r"celery(scope)?(_[a-z]+)+", name.base)


@every_name
def test_times_are_in_seconds_and_shares_are_ratios(name: Name) -> None:
    assert name.divisor == {"_seconds": 1000, "_ratio": 100}.get(
        re.sub(r".*(_[a-z]+)", r"\1", name.base), 1
    )


@every_name
def test_counters_and_only_they_are_totals(name: Name) -> None:
    assert name.text.endswith("_total") == (name.kind is Kind.COUNTER)


def test_the_articles_metrics_are_called_by_participles() -> None:
    leaves = ("prerun", "postrun", "success", "failure", "runtime")
    assert [named(Family.TASK, leaf).text for leaf in leaves] == [
        "celery_task_started_total",
        "celery_task_finished_total",
        "celery_task_succeeded_total",
        "celery_task_failed_total",
        "celery_task_runtime_seconds",
    ]


def test_labels_say_whose_number_it_is_and_of_which_sort() -> None:
    assert named(Family.TASK, "exception.*").labels == ("task", "exception")
    assert named(Family.BEAT, "sent").labels == ("entry",)
    assert named(Family.SELF, "outputs.*.sent").labels == ("output",)
    assert named(Family.SELF, "packets").labels == ()
