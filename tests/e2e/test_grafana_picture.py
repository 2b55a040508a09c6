"""The Overview of the Graphite edition, drawn from its committed file.

Grafana is not run: a page of our own draws what the file says. `README_PICTURES=docs/images` keeps
the picture.
"""

import os
import re
from pathlib import Path

import httpx
import pytest

from celeryscope.grafana.model import Edition
from support.busy_shop import deployed
from support.grafana import boards
from support.grafana_drawing import Json, drawing
from support.grafana_page import GrafanaPage
from support.sample import STEP
from support.server import ServerUnderTest

HOURS = 6
NUMBER = re.compile(r"-?\d+(\.\d+)?( ?\S+)?\Z")
MOST_OF_THE_WIDTH = 0.7
MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def overview(shop: ServerUnderTest, now: float) -> Json:
    """Ask the shop all that the dashboard asks."""
    board = next(one for one in boards(Edition.GRAPHITE) if "overview" in one.uid)
    with httpx.Client(base_url=shop.url) as client:
        happened = {"what": "shop 42", "tags": ["deploy"], "when": deployed(now)}
        assert client.post("/events/", json=happened).is_success
        return drawing(board, client, int(now) // STEP * STEP, HOURS)


def test_every_panel_of_the_overview_is_drawn(
    overview: Json, grafana_page: GrafanaPage, tmp_path: Path
) -> None:
    grafana_page.draw(overview)
    for panel in overview["panels"]:
        assert_drawn(panel, grafana_page)
    file = Path(os.environ.get("README_PICTURES", tmp_path)) / "grafana-overview.png"
    grafana_page.picture(file)
    assert file.stat().st_size < MOST_BYTES


def assert_drawn(panel: Json, page: GrafanaPage) -> None:
    title = panel["title"]
    match panel["type"]:
        case "stat":
            assert NUMBER.match(page.text(title)), title
        case "bargauge":
            assert page.bars(title) == len(panel["series"])
        case _:
            assert page.drawn_upon(title) > MOST_OF_THE_WIDTH, title


def test_a_panel_without_data_says_so(overview: Json, grafana_page: GrafanaPage) -> None:
    panels = [{**panel, "series": []} for panel in overview["panels"]]
    grafana_page.draw({**overview, "panels": panels})
    for panel in panels:
        said = panel["fieldConfig"]["defaults"].get("noValue", "No data")
        assert grafana_page.text(panel["title"]) == said
