"""The dashboards as they are packaged: what Grafana would not say, and readers would notice."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import units

from celeryscope.grafana.builder.files import in_sight
from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.model import Edition, Unit
from support.grafana import ALL, Board, Span, boards

BOARDS = [board for edition in Edition for board in boards(edition)]
DAY = Span(1_700_000_000, 1_700_086_400)
ADDRESS = re.compile(r"/d/([\w-]+)\?(.*)")
VARIABLE = re.compile(r"\$\{?(\w+)")
UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and name[0] != "_"}

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)


def walk(value: object) -> Iterator[tuple[str, Any]]:
    """Yield every key of a document and what stands there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


@every_board
def test_the_sdk_reads_it_and_writes_the_same(board: Board) -> None:
    written = JSONEncoder().encode(models.Dashboard.from_json(board.data))
    assert in_sight(json.loads(written)) == board.data


@every_board
def test_the_way_to_other_dashboards_is_in_sight(board: Board) -> None:
    assert "inControlsMenu" not in board.text
    (menu,) = board.data["links"]
    assert (menu["includeVars"], menu["keepTime"]) == (True, True)


def test_each_edition_has_every_dashboard_under_an_address_of_its_own() -> None:
    uids = [board.uid for board in BOARDS]
    assert uids == list(dict.fromkeys(uids))
    assert set(uids) == {one.uid(edition) for one in DASHBOARDS for edition in Edition}
    assert all(8 <= len(uid) <= 40 for uid in uids)


@every_board
def test_titles_and_numbers_of_panels_are_unique(board: Board) -> None:
    numbers = [one["id"] for one in board.panels + board.rows]
    titles = [one["title"] for one in board.panels]
    assert len(set(numbers)) == len(numbers)
    assert len(set(titles)) == len(titles)
    assert [one["id"] for one in board.panels] == list(range(1, len(board.panels) + 1))


def test_a_panel_is_found_by_its_title() -> None:
    for dashboard in DASHBOARDS:
        (board,) = (
            one for one in boards(Edition.GRAPHITE) if one.uid == dashboard.uid(one.edition)
        )
        for panel in board.panels:
            assert dashboard.panel_id(panel["title"]) == panel["id"]


@every_board
def test_nothing_overlaps_on_the_grid_or_leaves_it(board: Board) -> None:
    places = [one["gridPos"] for one in board.data["panels"]]
    for one in places:
        assert one["x"] >= 0
        assert one["w"] > 0
        assert one["h"] > 0
        assert one["x"] + one["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


@every_board
def test_lines_of_panels_are_whole_and_of_one_height(board: Board) -> None:
    lines: dict[int, list[dict[str, int]]] = {}
    for one in board.data["panels"]:
        lines.setdefault(one["gridPos"]["y"], []).append(one["gridPos"])
    for line in lines.values():
        assert sum(one["w"] for one in line) == 24
        assert len({one["h"] for one in line}) == 1


def test_a_legend_of_many_stands_at_the_side_where_there_is_room() -> None:
    (overview, _) = (board for board in BOARDS if "overview" in board.uid)
    places = {
        panel["title"]: panel["options"]["legend"]["placement"]
        for panel in overview.panels
        if panel["type"] == "timeseries"
    }
    at_side = {title for title, place in places.items() if place == "right"}
    assert at_side == {"Wait by queue", "Failures by task", "Run time by task", "Runs by task"}
    assert set(places.values()) == {"right", "bottom"}


@every_board
def test_a_panel_says_what_it_answers_and_in_which_unit(board: Board) -> None:
    for panel in board.panels:
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["description"].endswith((".", "?"))
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["targets"], panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)


def test_durations_are_in_what_the_data_source_has() -> None:
    for board in BOARDS:
        by_title = {panel.title: panel for one in DASHBOARDS for panel in one.panels}
        for panel in board.panels:
            text = str(panel)
            if by_title[panel["title"]].unit is Unit.DURATION:
                assert f"'unit': '{'ms' if board.edition is Edition.GRAPHITE else 's'}'" in text


@every_board
def test_variables_are_defined_before_they_are_used(board: Board) -> None:
    defined: list[str] = []
    for one in board.variables:
        if one["type"] == "query":
            assert set(VARIABLE.findall(one["query"])) <= set(defined)
            assert one["datasource"]["uid"] == "${datasource}"
        assert one["label"]
        assert one["description"]
        defined.append(one["name"])
    used = {
        name for target in board.targets() for name in VARIABLE.findall(target.text)
    } - DAY.built_in().keys()
    assert used <= set(defined)


@every_board
def test_no_variable_is_there_in_vain(board: Board) -> None:
    asked = [target.text for target in board.targets()]
    asked += [one["query"] for one in board.queries()]
    used = {name for text in asked for name in VARIABLE.findall(text)}
    assert {one["name"] for one in board.variables} <= used | {"datasource"}


@every_board
def test_values_are_asked_for_anew_when_the_time_range_changes(board: Board) -> None:
    for one in board.queries():
        assert one["refresh"] == models.VariableRefresh.ON_TIME_RANGE_CHANGED
        if one["multi"]:
            assert one["includeAll"]
            assert one["allValue"]
            assert one["current"]["value"] == ALL


def test_all_is_a_star_in_graphite() -> None:
    every = {
        one["allValue"] for b in boards(Edition.GRAPHITE) for one in b.queries() if one["multi"]
    }
    assert every == {"*"}


@every_board
def test_links_lead_to_dashboards_that_are_there_and_set_what_they_have(board: Board) -> None:
    known = {one.uid: one for one in BOARDS if one.edition is board.edition}
    for panel in board.panels:
        addresses = [one["url"] for one in panel["links"]]
        addresses += [one["url"] for one in panel["fieldConfig"]["defaults"].get("links", [])]
        assert addresses, panel["title"]
        for address in addresses:
            match = ADDRESS.fullmatch(address)
            assert match, address
            names = {one["name"] for one in known[match[1]].variables}
            time_range, *rest = match[2].split("&")
            assert time_range == "${__url_time_range}"
            carried = [re.sub(r"\$\{(\w+):queryparam\}|var-(\w+)=.*", r"\1\2", one) for one in rest]
            assert set(carried) <= names, address
            assert len(set(carried)) == len(carried), address


@every_board
def test_a_link_keeps_what_was_chosen(board: Board) -> None:
    chosen = {"datasource": "abc", "prefix": "shop.prod", "job": ["a", "b"], "queue": ALL}
    address = board.panels[0]["links"][0]["url"]
    text = board.interpolated(address, chosen, DAY)
    assert "?from=1700000000000&to=1700086400000&var-datasource=abc" in text
    if board.edition is Edition.PROMETHEUS:
        assert "&var-job=a&var-job=b" in text
    elif "prefix" in address:
        assert "&var-prefix=shop.prod" in text


@every_board
def test_no_data_source_is_written_into_it(board: Board) -> None:
    found = [value for key, value in walk(board.data) if key == "datasource"]
    chosen = {"type": board.edition.value, "uid": "${datasource}"}
    own = {"type": "grafana", "uid": "-- Grafana --"}
    assert all(one in (chosen, own) for one in found)
    assert len(found) > len(board.panels)
    assert "localhost" not in board.text


@every_board
def test_deployments_are_marked(board: Board) -> None:
    (marks,) = board.data["annotations"]["list"]
    assert marks["target"]["tags"] == ["deploy"]
