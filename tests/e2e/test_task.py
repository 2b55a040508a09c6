"""The page of one task in a real browser."""

from selenium.webdriver import ActionChains

from support.sight import Sight

CHARTS = ("throughput", "failed", "runtime", "wait", "heatmap", "exceptions")
CHARGE = "/task/shop.orders.tasks.charge?range=6h"


def _open(sight: Sight) -> None:
    sight.open(CHARGE)
    for chart in CHARTS:
        sight.see_chart(chart)


def test_a_row_leads_to_its_task_and_keeps_the_range(sight: Sight) -> None:
    sight.open("/?range=6h&sort=-failed&app=shop")
    sight.one(".tasks tbody .name a").click()
    sight.see(lambda: sight.texts("h1") == ["shop.orders.tasks.charge"], "the task")
    assert sight.query() == {"range": "6h"}
    sight.one(".crumbs a:last-child").click()
    sight.see(lambda: sight.query().get("module") == "orders-tasks", "its module")
    assert sight.query() == {"range": "6h", "app": "shop", "module": "orders-tasks"}


def test_all_six_charts_are_painted(sight: Sight) -> None:
    _open(sight)
    assert len(sight.all("figure.chart")) == len(CHARTS)


def test_exceptions_are_counted_and_shared(sight: Sight) -> None:
    _open(sight)
    assert sight.texts(".exceptions tbody .name") == [
        "CardDeclined",
        "GatewayTimeout",
        "ConnectionError",
    ]
    shares = sight.texts(".exceptions tbody [data-label=Share]")
    assert abs(sum(float(share.removesuffix(" %")) for share in shares) - 100) < 0.3


def test_the_heatmap_says_what_a_cell_holds(sight: Sight) -> None:
    _open(sight)
    plot = sight.plot("heatmap")
    ActionChains(sight.driver).move_to_element_with_offset(plot, 40, 20).perform()
    said = sight.see(lambda: sight.text('[data-chart="heatmap"] .cell'), "the cell")
    assert said.endswith("runs")
    assert " to " in said


def test_a_zoom_is_kept_on_the_way_back_to_the_overview(sight: Sight) -> None:
    _open(sight)
    sight.drag("heatmap", 0.2, 0.6)
    sight.see(lambda: "from" in sight.query(), "the zoom")
    zoomed = sight.query()
    sight.see(
        lambda: zoomed["from"] in (sight.one("nav a").get_attribute("href") or ""), "the link"
    )
    sight.one("nav a").click()
    sight.see(lambda: sight.texts("h1") == ["Overview"], "the Overview")
    assert sight.query() == zoomed
