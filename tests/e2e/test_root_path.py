"""The pages below a sub-path, for a user who has signed in, by the strictest content policy."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome

from support.access import PASSWORD, access_text
from support.server import ServerUnderTest, celeryscope_server
from support.sight import Sight

_RUNS = b"celery.task.shop.orders-tasks.charge.success:%d|c"
_ROOT = "/celery"
_LOADED = """
  return performance.getEntriesByType("resource").map((one) => new URL(one.name).pathname)
"""


@pytest.fixture
def below(chromium: Chrome, tmp_path: Path) -> Iterator[tuple[Sight, ServerUnderTest]]:
    """Look at a server below a sub-path, as alice; a console error fails the test."""
    file = tmp_path / "access"
    file.touch(mode=0o600)
    file.write_text(access_text())
    flags = ["--flush-interval", "1s", "--retentions", "1s:1h,10s:1d"]
    flags += ["--root-path", _ROOT, "--access-file", str(file)]
    with celeryscope_server(tmp_path, flags) as server:
        sight = Sight(chromium, server.url)
        sight.reset()
        host = urlsplit(server.url).netloc
        chromium.get(f"http://alice:{PASSWORD.replace(' ', '%20')}@{host}{_ROOT}/server")
        yield sight, server
        errors = [entry for entry in sight.log() if entry["level"] == "SEVERE"]
        sight.leave()
        assert errors == []


def test_pages_charts_and_news_work_below_the_sub_path(
    below: tuple[Sight, ServerUnderTest],
) -> None:
    sight, server = below
    sight.open(f"{_ROOT}/")
    sight.see(lambda: sight.text("#live-text") == "live", "the live sign")
    server.send(_RUNS % 3)
    sight.see(lambda: sight.texts(".tasks tbody .name"), "the first row, without being asked for")
    sight.see_chart("throughput")
    assert sight.runs() == 3
    loaded = sight.script(_LOADED)
    assert len(loaded) > 10
    assert [path for path in loaded if not path.startswith(f"{_ROOT}/")] == []


def test_links_and_filters_stay_below_the_sub_path(below: tuple[Sight, ServerUnderTest]) -> None:
    sight, server = below
    server.send(_RUNS % 3)
    sight.open(f"{_ROOT}/")
    sight.see(lambda: sight.all(".tasks tbody .name a"), "the first row")
    _follow(sight, ".tasks tbody .name a")
    sight.see(lambda: sight.text("h1") == "shop.orders.tasks.charge", "the task's page")
    sight.see_chart("throughput")
    _follow(sight, ".crumbs a")
    sight.see(lambda: sight.all("#q"), "the Overview")
    sight.choose("app", "shop")
    sight.see(lambda: sight.query().get("app") == "shop", "the filter")
    _follow(sight, f'nav a[href="{_ROOT}/server"]')
    sight.see(lambda: sight.all("#refused"), "the Server page")
    _follow(sight, f'nav a[href="{_ROOT}/"]')
    sight.see(lambda: sight.all("#q"), "the Overview again")
    assert urlsplit(sight.driver.current_url).path == f"{_ROOT}/"


def _follow(sight: Sight, link: str) -> None:
    """Click a link in one step: each flush puts new ones in the place of the old ones."""
    sight.script("document.querySelector(arguments[0]).click()", link)
