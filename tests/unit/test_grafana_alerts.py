"""Grafana's rules on Graphite: each fires when it should, as Prometheus' do."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.grafana.alerts.builder import GRAFANA, files
from celeryscope.grafana.alerts.catalogue import ALERTS
from celeryscope.grafana.alerts.provisioning import uid
from celeryscope.graphite.routes import routes
from celeryscope.naming import levels
from celeryscope.store.protocol import Store
from support.alert_scenarios import SCENARIOS, Firing, Scenario
from support.asgi import Client
from support.fake_store import FakeStore
from support.grafana_rules import Grafana, rules
from support.histories import MINUTE, end, flushes, phase, queue, task, waits, worker
from support.stores import opened

RULES = rules(yaml.safe_load(files()[GRAFANA]))
BY_UID = {uid(alert): alert for alert in ALERTS}
BUSY = phase(
    30,
    task(prerun=10, success=10),
    queue(published=10, prerun=10),
    waits({0.1: 10}),
    worker(online=1),
)


def firing(store: Store, now: int) -> Firing:
    """Return which alerts fire, and for whom, as Graphite's paths have it."""
    graphite = Client(Starlette(routes=routes(store, lambda: now)))
    return frozenset(
        (alert.name, name if alert.subject else "")
        for interval, rule in RULES
        for alert in [BY_UID[rule["uid"]]]
        for name in Grafana(graphite, interval).firing(rule, now)
    )


def expected(scenario: Scenario) -> Firing:
    return frozenset((alert, _in_paths(subject)) for alert, subject in scenario.firing)


def _in_paths(subject: str) -> str:
    label, _, value = subject.partition("=")
    return ".".join(levels(value)) if label == "task" else value


def filled(past: Iterable[Flush]) -> FakeStore:
    store = FakeStore()
    for flush in past:
        store.write(flush)
    return store


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_exactly_what_should_fires(scenario: Scenario) -> None:
    store = filled(flushes(scenario.phases))
    assert firing(store, end(scenario.phases)) == expected(scenario)


def test_a_real_store_of_several_tiers_tells_the_same(tmp_path: Path) -> None:
    scenario = next(one for one in SCENARIOS if one.name == "tasks fail by different shares")
    now = end(scenario.phases)
    with opened(tmp_path, now=now) as store:
        for flush in flushes(scenario.phases):
            store.write(flush)
        assert firing(store, now) == expected(scenario)


@pytest.mark.parametrize("minutes", [1, 20])
def test_a_server_that_begins_anew_is_nothing_to_tell(minutes: int) -> None:
    away = minutes * MINUTE
    first = list(flushes([BUSY]))
    second = [replace(one, start=one.start + BUSY.minutes * MINUTE + away) for one in first]
    assert firing(filled([*first, *second]), int(second[-1].start) + MINUTE) == frozenset()


def test_a_store_without_a_single_series_tells_that_the_server_hears_nothing() -> None:
    assert firing(FakeStore(), end([BUSY])) == {("CeleryscopeSilent", "")}
