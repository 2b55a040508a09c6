import re
from collections import Counter

import pytest

from celeryscope.metrics import CATALOGUE, Family, Kind, Metric
from celeryscope.worker.datagrams import Places, published_datagram, run_datagrams
from celeryscope.worker.styles import Place

every_metric = pytest.mark.parametrize(
    "metric", CATALOGUE, ids=lambda metric: f"{metric.family.value}.{metric.leaf}"
)


def test_no_leaf_stands_twice_in_a_family() -> None:
    leaves = Counter((metric.family, metric.leaf) for metric in CATALOGUE)
    assert set(leaves.values()) == {1}


@every_metric
def test_help_is_one_sentence(metric: Metric) -> None:
    assert re.fullmatch(r"[A-Z][^.]*\.", metric.help)


@every_metric
def test_a_leaf_is_plain_nodes_of_which_the_last_may_be_open(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*(\.\*)?", metric.leaf)


@every_metric
def test_timers_are_in_milliseconds(metric: Metric) -> None:
    assert metric.kind is not Kind.TIMER or metric.unit == "ms"


def test_all_that_the_worker_sends_is_in_the_catalogue() -> None:
    places = Places(Place("task"), Place("queue"), Place("worker"))
    runs = run_datagrams(places)
    datagrams = [runs.start(1.0), published_datagram(places.task, places.queue)]
    datagrams += [runs.end(state, ValueError(), 1.0) for state in ("SUCCESS", "FAILURE", "RETRY")]

    sent = {line.partition(":")[0] for it in datagrams for line in it.decode().split("\n")}

    families = (Family.TASK, Family.QUEUE, Family.WORKER)
    known = {f"{m.family.value}.{m.leaf}" for m in CATALOGUE if m.family in families}
    assert {re.sub(r"exception\..*", "exception.*", name) for name in sent} == known
