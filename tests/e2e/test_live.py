"""Pages that move by themselves."""

from pathlib import Path

from selenium.webdriver import Chrome

from support.processes import free_port
from support.server import ServerUnderTest, celeryscope_server
from support.sight import Sight

EVERY_SECOND = ["--flush-interval", "1s", "--retentions", "1s:1h,10s:1d"]
_NEWEST = "return JSON.parse(document.getElementById('drawing').textContent).times.at(-1)"
_PATH = b"celery.task.shop.orders-tasks.charge"


def _runs(count: int) -> bytes:
    return b"%s.success:%d|c\n%s.runtime:120|ms\n%s.wait:5|ms" % (_PATH, count, _PATH, _PATH)


def _visit(sight: Sight) -> None:
    """Open the page until the first run is on it."""

    def found() -> bool:
        sight.open("/?range=5m")
        return bool(sight.all(".tasks tbody .name"))

    sight.see(found, "the first row")


def test_the_empty_page_becomes_the_overview_with_the_first_run(
    elsewhere: tuple[Sight, ServerUnderTest],
) -> None:
    sight, server = elsewhere
    sight.open("/")
    assert "celeryscope.instrument(app)" in sight.text("#empty pre")
    assert server.statsd in sight.text("#empty")
    server.send(_runs(3))
    sight.see(lambda: sight.texts(".tasks tbody .name"), "the first row")
    sight.see_chart("throughput")
    assert sight.text("#live-text") == "live"


def test_numbers_and_charts_follow_each_flush(elsewhere: tuple[Sight, ServerUnderTest]) -> None:
    sight, server = elsewhere
    server.send(_runs(3))
    _visit(sight)
    sight.see(lambda: sight.runs() == 3, "three runs")
    server.send(_runs(4))
    sight.see(lambda: sight.runs() == 7, "seven runs")
    newest = sight.script(_NEWEST)
    sight.see(lambda: sight.script(_NEWEST) > newest, "a newer point")


def test_a_lost_connection_says_so_and_comes_back(chromium: Chrome, tmp_path: Path) -> None:
    port = free_port()
    with celeryscope_server(tmp_path, EVERY_SECOND, http_port=port) as server:
        sight = Sight(chromium, server.url)
        sight.reset()
        server.send(_runs(3))
        _visit(sight)
        sight.see(lambda: sight.text("#live-text") == "live", "the live sign")
    sight.see(lambda: "trying again" in sight.text("#live-text"), "the loss")
    with celeryscope_server(tmp_path, EVERY_SECOND, http_port=port) as server:
        sight.see(lambda: sight.text("#live-text") == "live", "the live sign again")
        server.send(_runs(4))
        sight.see(lambda: sight.runs() == 7, "what came since")
        sight.leave()
    sight.log()
