"""The Overview in a real browser."""

from selenium.webdriver.common.keys import Keys

from support.sight import Sight

CHARTS = ("throughput", "failed", "runtime", "wait")
NAMES = ".tasks tbody .name"
_POINTS = "return JSON.parse(document.getElementById('drawing').textContent)"


def _open(sight: Sight, query: str = "?range=6h") -> None:
    sight.open(f"/{query}")
    for chart in CHARTS:
        sight.see_chart(chart)


def test_all_charts_are_painted_from_hundreds_of_points(sight: Sight) -> None:
    _open(sight)
    drawing = sight.script(_POINTS)
    assert 355 <= len(drawing["times"]) <= 361
    for chart in CHARTS:
        for line in drawing["charts"][chart]["lines"]:
            assert sum(value is not None for value in line["values"]) > 300, (chart, line["key"])


def test_levels_narrow_down_one_after_the_other(sight: Sight) -> None:
    _open(sight)
    everything = sight.runs()
    sight.choose("app", "shop")
    sight.see(lambda: sight.query().get("app") == "shop" and sight.runs() < everything, "one app")
    in_app = sight.runs()
    assert all(name.startswith("shop.") for name in sight.texts(NAMES))
    sight.choose("module", "mail.tasks")
    sight.see(lambda: sight.runs() < in_app, "one module")
    sight.choose("task", "digest")
    sight.see(
        lambda: (
            sight.texts(NAMES) == ["shop.mail.tasks.\u200bdigest"] or len(sight.texts(NAMES)) == 1
        ),
        "one task",
    )
    assert sight.query() == {"range": "6h", "app": "shop", "module": "mail-tasks", "task": "digest"}
    sight.choose("app", "all apps")
    sight.see(lambda: sight.runs() == everything, "all apps again")
    assert sight.query() == {"range": "6h"}


def test_the_filter_follows_typing_and_keeps_its_focus(sight: Sight) -> None:
    _open(sight)
    sight.one("#q").send_keys("receipt")
    sight.see(lambda: len(sight.texts(NAMES)) == 1, "one row")
    assert sight.query() == {"range": "6h", "q": "receipt"}
    assert sight.script("return document.activeElement.id") == "q"


def test_ranges_change_address_and_numbers(sight: Sight) -> None:
    _open(sight)
    in_six_hours = sight.runs()
    sight.choose("range", "Last 1 hour")
    sight.see(lambda: 0 < sight.runs() < in_six_hours / 3, "an hour's runs")
    assert sight.query() == {"range": "1h"}
    sight.driver.back()
    sight.see(lambda: sight.runs() > in_six_hours * 0.9, "six hours again")
    assert sight.one("#range").get_attribute("value") == "6h"
    sight.driver.forward()
    sight.see(lambda: sight.runs() < in_six_hours / 3, "an hour again")


def test_columns_sort_both_ways_and_keep_their_focus(sight: Sight) -> None:
    _open(sight)
    sight.one('[data-key="sort-failed"]').send_keys(Keys.ENTER)
    sight.see(lambda: sight.query().get("sort") == "-failed", "the sort in the address")
    sight.see(lambda: "charge" in sight.texts(NAMES)[0], "the worst task on top")
    sight.see(lambda: sight.one('[aria-sort="descending"]').text.startswith("Failed"), "the mark")
    assert sight.script("return document.activeElement.dataset.key") == "sort-failed"
    sight.one('[data-key="sort-failed"]').click()
    sight.see(lambda: sight.query().get("sort") == "failed", "the other way")
    sight.see(lambda: "charge" in sight.texts(NAMES)[-1], "the worst task below")


def test_a_drag_zooms_every_chart_and_a_double_click_goes_back(sight: Sight) -> None:
    _open(sight)
    whole, first = sight.runs(), _first_time(sight)
    sight.drag("runtime", 0.3, 0.5)
    sight.see(lambda: "from" in sight.query() and sight.runs() < whole / 3, "the zoom")
    assert _first_time(sight) != first
    query = sight.query()
    assert 4000 < int(query["until"]) - int(query["from"]) < 4700
    drawing = sight.script(_POINTS)
    assert abs(drawing["start"] - int(query["from"])) <= drawing["step"]
    assert sight.text("#live-text") == "fixed time"
    sight.drag("failed", 0.2, 0.7)
    sight.see(lambda: sight.query()["from"] != query["from"], "a deeper zoom")
    sight.double_click("wait")
    sight.see(lambda: sight.query() == query, "the first zoom again")
    sight.double_click("throughput")
    sight.see(lambda: sight.query() == {"range": "6h"} and sight.runs() == whole, "all of it")
    assert sight.text("#live-text") == "live"


def _first_time(sight: Sight) -> str:
    """Return what the cursor says at the charts' left end."""
    sight.one('[data-chart="wait"] .plot').send_keys(Keys.HOME)
    return sight.text('[data-chart="wait"] .when')


def test_a_zoom_in_a_link_can_be_left(sight: Sight) -> None:
    _open(sight)
    end = int(sight.script(_POINTS)["end"])
    _open(sight, f"?range=6h&from={end - 3600}&until={end - 600}")
    sight.one("#zoom-out").click()
    sight.see(lambda: sight.query() == {"range": "6h"} and not sight.all("#zoom-out"), "zoomed out")


def test_the_cursor_moves_by_keyboard_in_all_charts(sight: Sight) -> None:
    _open(sight)
    plot = sight.one('[data-chart="throughput"] .plot')
    plot.send_keys(Keys.HOME)
    first = sight.text("#announcer")
    plot.send_keys(Keys.ARROW_RIGHT)
    assert sight.text("#announcer") != first
    assert "success" in sight.text("#announcer")
    times = sight.texts(".when")
    assert len(times) == len(CHARTS)
    assert len(set(times)) == 1
    assert sight.text('[data-chart="wait"] .legend b').endswith("ms")
    plot.send_keys(Keys.ESCAPE)
    assert sight.text('[data-chart="wait"] .legend b') == ""
    plot.send_keys(Keys.HOME, "+")
    sight.see(lambda: "from" in sight.query(), "the zoom")
    sight.one('[data-chart="throughput"] .plot').send_keys("-")
    sight.see(lambda: sight.query() == {"range": "6h"}, "all of it")


def test_the_pointer_reads_all_charts_at_once(sight: Sight) -> None:
    _open(sight)
    sight.drag("runtime", 0.5, 0.5)
    for chart in CHARTS:
        assert sight.text(f'[data-chart="{chart}"] .legend b') != ""


def test_every_chart_shows_itself_as_a_table(sight: Sight) -> None:
    _open(sight)
    sight.one('[data-chart="runtime"] .as-table').click()
    rows = sight.texts('[data-chart="runtime"] .numbers tbody tr')
    assert len(rows) == len(sight.script(_POINTS)["times"])
    assert sight.texts('[data-chart="runtime"] .numbers thead th') == ["", "p50", "p95", "p99"]
    sight.one('[data-chart="runtime"] .as-table').click()
    sight.see(lambda: sight.one('[data-chart="runtime"] .plot').is_displayed(), "the chart")


def test_the_theme_follows_the_system_until_it_is_switched(sight: Sight) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    sight.theme("dark")
    _open(sight)
    assert sight.script(background) == "rgb(16, 20, 18)"
    sight.one("#theme").click()
    assert sight.script(background) == "rgb(246, 247, 245)"
    _open(sight)
    assert sight.script(background) == "rgb(246, 247, 245)"


def test_nothing_is_wider_than_a_small_phone(sight: Sight) -> None:
    sight.size(360, 740)
    for path in ("/?range=6h", "/task/shop.orders.tasks.charge?range=6h", "/?range=nonsense"):
        sight.open(path)
        width = sight.script("return document.documentElement.scrollWidth")
        assert width <= 360, path
    sight.log()


def test_without_scripts_the_numbers_and_the_form_are_there(sight: Sight) -> None:
    sight.scripts(allowed=False)
    sight.open("/?range=6h&sort=-failed")
    assert (
        sight.one(".tasks tbody .name").text == "shop.orders.tasks.\u200bcharge"
        or "charge" in sight.one(".tasks tbody .name").text
    )
    assert len(sight.all(".figure")) == 4
    assert "on average" in sight.one("#summary-wait").text
    sight.one("#q").send_keys("digest", Keys.ENTER)
    sight.see(lambda: len(sight.all(".tasks tbody tr")) == 1, "one row")
    assert sight.query()["sort"] == "-failed"


def test_hostile_names_are_only_text(sight: Sight) -> None:
    sight.open("/?range=6h&q=%3Cimg")
    row = sight.see(lambda: sight.texts(NAMES), "the row")
    assert row == ["odd.names.<img src=x onerror=alert(1)>"]
    sight.one(f"{NAMES} a").click()
    sight.see(lambda: sight.texts("h1") == row, "its page")
    assert not sight.all("img")
