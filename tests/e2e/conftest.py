"""A real server with hours of invented work, and a real Chromium that looks at it."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from celeryscope.flush import Flush
from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.tiers import parse_retentions
from support import busy_shop
from support.grafana_page import GrafanaPage, served
from support.processes import required
from support.server import ServerUnderTest, celeryscope_server
from support.sight import Sight

RETENTIONS = "10s:2d,1m:30d,10m:2y"
HOSTILE = "<img src=x onerror=alert(1)>"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture(scope="session")
def now() -> float:
    """Return when the shop's data ends (Unix time): as it is made, which takes a while."""
    return time.time()


@pytest.fixture(scope="session")
def shop(now: float, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """Serve thirteen hours of a shop that end now."""
    folder = tmp_path_factory.mktemp("shop")
    with contextlib.closing(
        DuckDBStore.open(folder / "data", parse_retentions(RETENTIONS), time.time)
    ) as store:
        for flush in busy_shop.flushes(now):
            store.write(flush)
        hostile = {f"celery.task.odd.names.{HOSTILE}.success": 3.0}
        store.write(Flush(int(now) // 60 * 60, 10, counters=hostile))
    with celeryscope_server(folder) as server:
        yield server


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = required("chromium", "chromium")
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = ChromeService(required("chromedriver", "chromium-driver"))
    driver = Chrome(options, service)
    yield driver
    driver.quit()


@pytest.fixture
def sight(chromium: Chrome, shop: ServerUnderTest) -> Iterator[Sight]:
    """Look at the shop with fresh eyes; a console error fails the test."""
    yield from _fresh(Sight(chromium, shop.url))


@pytest.fixture
def elsewhere(chromium: Chrome, tmp_path: Path) -> Iterator[tuple[Sight, ServerUnderTest]]:
    """Look at a server without any data that flushes each second."""
    flags = ["--flush-interval", "1s", "--retentions", "1s:1h,10s:1d"]
    with celeryscope_server(tmp_path, flags) as server:
        for sight in _fresh(Sight(chromium, server.url)):
            yield sight, server


@pytest.fixture
def grafana_page(chromium: Chrome, tmp_path: Path) -> Iterator[GrafanaPage]:
    """Look at a page that draws dashboards; a console error fails the test."""
    folder = tmp_path / "page"
    with served(folder) as url:
        for sight in _fresh(Sight(chromium, url)):
            yield GrafanaPage(sight, folder)


def _fresh(sight: Sight) -> Iterator[Sight]:
    sight.reset()
    yield sight
    errors = [entry for entry in sight.log() if entry["level"] == "SEVERE"]
    sight.leave()
    assert not errors, json.dumps(errors, indent=1)
