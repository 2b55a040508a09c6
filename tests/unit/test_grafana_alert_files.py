"""The files of alerts are well-formed: what they name exists, and both editions say the same."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from celeryscope.grafana.alerts.alert import RUNBOOKS, Alert, duration
from celeryscope.grafana.alerts.builder import GRAFANA, PROMETHEUS, files
from celeryscope.grafana.alerts.catalogue import ALERTS, RECORDINGS
from celeryscope.grafana.alerts.provisioning import uid
from celeryscope.grafana.alerts.thresholds import LONGEST_WAIT, TIME_TO_START, Threshold
from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.graphite.evaluate import render
from celeryscope.graphite.span import Span
from celeryscope.settings import load_settings
from celeryscope.statistics import DEFAULT_THRESHOLDS
from support.docs import ROOT, commands
from support.fake_store import FakeStore
from support.grafana_rules import EXPRESSIONS, Rule, rules
from support.histories import Value, beat, end, flushes, own, phase, queue, task, waits, worker

PACKAGED = ROOT / "src" / "celeryscope" / "grafana" / "files"
RULES = {rule["uid"]: rule for _, rule in rules(yaml.safe_load(files()[GRAFANA]))}
PROMETHEUS_RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(files()[PROMETHEUS])["groups"] for rule in group["rules"]
]
BY_NAME = {rule["alert"]: rule for rule in PROMETHEUS_RULES if "alert" in rule}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
every_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
RUNBOOK_PAGES = sorted({alert.runbook for alert in ALERTS})
TITLES = {board.title: {panel.title for panel in board.panels} for board in DASHBOARDS}
PANELS = re.compile(r"\*([\w ]+)\* / ((?:\*\*[\w ,]+?\*\*(?:, | and )?)+)")
OPEN_AND_TIMED: dict[str, Value] = {"exception.ValueError": 1, "wait": {10: 9}}
EVERYTHING = phase(
    10,
    task(prerun=9, success=5, failure=1, retry=3, lost=1),
    {f"celery.task.proj._.charge.{leaf}": value for leaf, value in OPEN_AND_TIMED.items()},
    queue(published=9, prerun=9),
    waits({0.1: 9}),
    worker(online=1),
    beat(sent=1),
    own(dropped__kernel=1, bad_lines__format=1),
)
every_runbook = pytest.mark.parametrize(
    "page",
    [ROOT / "docs" / "alerts" / f"{runbook}.md" for runbook in RUNBOOK_PAGES],
    ids=RUNBOOK_PAGES,
)
KEYS = {
    *("uid", "title", "condition", "data", "noDataState", "execErrState", "for"),
    *("annotations", "labels", "dashboardUid", "panelId"),
}


def texts(rule: Rule) -> list[str]:
    """Return all texts of a rule outside its queries: Grafana may replace what `$` begins there."""
    return [rule["title"], *rule["annotations"].values(), *rule["labels"].values()]


@pytest.mark.parametrize("path", files())
def test_the_packaged_files_are_what_the_catalogue_says(path: str) -> None:
    assert (PACKAGED / path).read_text() == files()[path], "run scripts/dashboards"


def test_no_two_alerts_share_a_name() -> None:
    assert len(BY_NAME) == len(RULES) == len({rule["title"] for rule in RULES.values()})
    assert len(RULES) == len(ALERTS)


@every_rule
def test_a_rule_has_what_grafana_knows_and_no_more(rule: Rule) -> None:
    assert set(rule) == KEYS
    assert re.fullmatch(r"[a-z0-9-]{1,40}", rule["uid"])
    assert rule["noDataState"] in {"OK", "Alerting"}
    assert rule["execErrState"] in {"Error", "Alerting"}
    assert not any("$" in text for text in texts(rule))


@every_rule
def test_a_condition_speaks_of_what_comes_before_it(rule: Rule) -> None:
    known: set[str] = set()
    for step in rule["data"]:
        model = step["model"]
        assert model["refId"] == step["refId"]
        named = re.findall(r"\$(\w+)", model.get("expression", ""))
        assert set(named or filter(None, [model.get("expression")])) <= known
        assert step["refId"].isalpha(), "older versions of Grafana know letters only"
        assert step["refId"] not in known
        known.add(step["refId"])
    assert rule["condition"] in known


@every_rule
def test_a_target_goes_to_the_source_that_is_provisioned(rule: Rule) -> None:
    provisioned = PACKAGED / "graphite" / "provisioning" / "datasources" / "celeryscope.yaml"
    known = {source["uid"] for source in yaml.safe_load(provisioned.read_text())["datasources"]}
    assert {step["datasourceUid"] for step in rule["data"]} <= known | {EXPRESSIONS}


@every_rule
def test_a_rule_leads_to_a_panel_that_is_there(rule: Rule) -> None:
    board = json.loads((PACKAGED / f"graphite/dashboards/{rule['dashboardUid']}.json").read_text())
    assert rule["panelId"] in {panel["id"] for panel in board["panels"] if panel["type"] != "row"}


@every_alert
def test_an_alert_says_the_same_in_both_editions(alert: Alert) -> None:
    grafana, prometheus = RULES[uid(alert)], BY_NAME[alert.name]
    assert grafana["labels"] == prometheus["labels"]
    assert grafana["for"] == prometheus["for"] == duration(alert.hold)
    label = f"$labels.{alert.subject}"
    for key, text in grafana["annotations"].items():
        assert text.replace(".Labels.name", label) == prometheus["annotations"][key]
        assert "{subject}" not in text


@every_alert
def test_the_address_of_a_runbook_leads_to_its_page(alert: Alert) -> None:
    page = Path(alert.runbook_url.removeprefix(f"{RUNBOOKS}/"))
    assert (ROOT / "docs" / "alerts" / page).is_file()


@every_runbook
def test_a_runbook_speaks_of_panels_that_are_there(page: Path) -> None:
    named = PANELS.findall(" ".join(page.read_text().split()))
    for title, panels in named:
        assert set(re.findall(r"\*\*(.+?)\*\*", panels)) <= TITLES[title], title
    assert named


@every_runbook
def test_a_runbook_has_targets_that_are_answered(page: Path) -> None:
    store = FakeStore()
    now = end([EVERYTHING])
    for flush in flushes([EVERYTHING]):
        store.write(flush)
    targets = [
        word.removeprefix("target=")
        for command in commands(page.read_text())
        for word in shlex.split(command)
        if word.startswith("target=")
    ]
    assert targets
    for target in targets:
        assert render(store, DEFAULT_THRESHOLDS, [target], Span(now - 600, now, 1)), target


def test_every_series_worked_out_ahead_is_asked_for() -> None:
    asked = " ".join(alert.expression for alert in ALERTS)
    assert {one.name for one in RECORDINGS} == set(re.findall(r"\w+:\w+:\w+", asked))


@pytest.mark.parametrize("bound", [LONGEST_WAIT, TIME_TO_START], ids=lambda one: one.help)
def test_there_is_a_bucket_for_each_bound_of_waits(bound: Threshold) -> None:
    assert bound.value in load_settings({}, environ={}).prometheus_buckets
    assert any(f'le="{float(bound.value)}"' in rule["expr"] for rule in PROMETHEUS_RULES)
