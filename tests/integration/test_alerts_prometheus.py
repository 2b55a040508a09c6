"""Prometheus' rules, as promtool judges them: each fires when it should, and only then."""

from pathlib import Path

import pytest
import yaml

from celeryscope.grafana.alerts.builder import PROMETHEUS, files
from celeryscope.grafana.alerts.catalogue import ALERTS
from support.alert_scenarios import SCENARIOS, Scenario
from support.docs import ROOT, blocks
from support.histories import flushes, phase, queue, task, waits, worker
from support.promtool import promtool, verdict

_BUSY = phase(
    30,
    task(prerun=10, success=10),
    queue(published=10, prerun=10),
    waits({0.1: 10}),
    worker(online=1),
)
_AWAY = None


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "celeryscope.yaml"
    path.write_text(files()[PROMETHEUS])
    return path


def test_promtool_finds_nothing_wrong_with_the_rules(rules: Path) -> None:
    assert promtool("check", "rules", "--lint-fatal", str(rules)) == ""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_exactly_what_should_fires(scenario: Scenario, rules: Path, tmp_path: Path) -> None:
    assert verdict(rules, tmp_path, flushes(scenario.phases), scenario.firing) == ""


def test_every_alert_fires_in_a_scenario() -> None:
    fired = {alert for scenario in SCENARIOS for alert, _ in scenario.firing}
    assert fired == {alert.name for alert in ALERTS}


def test_of_a_server_that_is_away_that_alone_is_told(rules: Path, tmp_path: Path) -> None:
    scrapes = [*flushes([_BUSY]), *[_AWAY] * 12]
    firing = frozenset({("CeleryscopeSilent", "")})
    assert verdict(rules, tmp_path, scrapes, firing) == ""


@pytest.mark.parametrize("minutes", [1, 20])
def test_a_server_that_begins_anew_is_nothing_to_tell(
    minutes: int, rules: Path, tmp_path: Path
) -> None:
    scrapes = [*flushes([_BUSY]), *[_AWAY] * minutes, *flushes([_BUSY])]
    assert verdict(rules, tmp_path, scrapes, frozenset()) == ""


def test_every_expression_of_the_runbooks_is_one(tmp_path: Path) -> None:
    pages = (ROOT / "docs" / "alerts").glob("*.md")
    expressions = [one.text for page in pages for one in blocks(page.read_text(), "promql")]
    recorded = [{"record": f"one:{i}", "expr": text} for i, text in enumerate(expressions)]
    path = tmp_path / "expressions.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": recorded}]}))
    assert expressions
    assert promtool("check", "rules", "--lint-fatal", str(path)) == ""
