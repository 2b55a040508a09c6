import re
from collections import Counter

import pytest

from celeryscope.metrics import CATALOGUE, Family, Kind, Metric
from celeryscope.worker.cuts import Cut
from celeryscope.worker.datagrams import (
    Places,
    Vitals,
    beat_datagram,
    published_datagram,
    run_datagrams,
    unknown_datagram,
    vitals_datagram,
)
from celeryscope.worker.styles import Place

OUTCOMES = ("SUCCESS", "FAILURE", "RETRY", "IGNORED", "REJECTED")
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
def test_a_leaf_is_plain_nodes_of_which_one_may_be_open(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z_]+(\.([a-z_]+|\*))*", metric.leaf)
    assert metric.leaf.count("*") <= 1


@every_metric
def test_loss_is_counted(metric: Metric) -> None:
    assert metric.kind is Kind.COUNTER or not metric.loss


@every_metric
def test_timers_are_in_milliseconds(metric: Metric) -> None:
    assert metric.kind is not Kind.TIMER or metric.unit == "ms"


def test_all_that_the_worker_sends_is_in_the_catalogue() -> None:
    task, queue, worker = Place("task"), Place("queue"), Place("worker")
    places = Places(task, queue, worker)
    runs, again = run_datagrams(places), run_datagrams(places, redelivered=True)
    datagrams = [runs.received % 1, runs.start(1.0), runs.start(-1.0), again.start(None)]
    datagrams += [runs.end(state, ValueError(), 1.0) for state in OUTCOMES]
    datagrams += [runs.cut(cut, 1.0) for cut in Cut]
    datagrams += [runs.fate(("lost", "revoked"))]
    datagrams += [published_datagram(task, queue), unknown_datagram(queue, worker)]
    datagrams += [vitals_datagram(worker, Vitals()), beat_datagram(Place("beat"), 1.0)]

    sent = {line.partition(":")[0] for it in datagrams for line in it.decode().split("\n")}

    known = {f"{m.family.value}.{m.leaf}" for m in CATALOGUE if m.family is not Family.SELF}
    assert {re.sub(r"exception\..*", "exception.*", name) for name in sent} == known
