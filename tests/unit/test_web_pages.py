import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from celeryscope import web
from celeryscope.access.rootpath import RootPath
from celeryscope.flush import Flush
from celeryscope.naming import Layout
from celeryscope.sketch import Distribution
from celeryscope.store.protocol import StoreError, Window
from celeryscope.web.live import LiveFeed
from celeryscope.web.routes import routes
from support.asgi import Client
from support.fake_store import FakeStore

NOW = 1_700_000_400
STATIC = Path(web.__file__).with_name("static")
BUDGET = 60_000
HOSTILE = "<script>alert('x')</script>\"&"


def _client(store: FakeStore) -> Client:
    feed = LiveFeed()
    feed.close()
    return Client(
        Starlette(
            routes=routes(store, feed, lambda: NOW, "celery", Layout.LEVELS, "127.0.0.1:8125")
        )
    )


def _busy(*paths: str) -> FakeStore:
    store = FakeStore()
    for number in range(1, 31):
        counters = {f"{path}.success": 5.0 for path in paths}
        counters |= {f"{path}.exception.{HOSTILE}": 1.0 for path in paths}
        timers = {f"{path}.runtime": Distribution.of([20.0, 200.0]) for path in paths}
        store.write(Flush(NOW - number * 10, 10, counters=counters, timers=timers))
    return store


@pytest.fixture
def shop() -> Client:
    return _client(_busy("celery.task.shop.orders-tasks.charge", "celery.task.shop.mail.send"))


def _drawing(answer: httpx.Response) -> dict[str, object]:
    match = re.search(
        r'<script type="application/json"[^>]*>(.*?)</script>', answer.text, re.DOTALL
    )
    assert match, answer.text
    drawing: dict[str, object] = orjson.loads(match[1])
    return drawing


def test_the_first_page_has_its_numbers_without_script(shop: Client) -> None:
    answer = shop.get("/", {"range": "5m"})
    assert answer.status_code == 200
    assert re.search(r'href="/task/shop.orders.tasks.charge\?range=5m"', answer.text)
    assert re.search(r'data-label="Runs">150<', answer.text)
    assert re.search(r"<b>300</b> runs behind this page", answer.text)


def test_charts_come_with_the_page(shop: Client) -> None:
    drawing = _drawing(shop.get("/", {"range": "5m"}))
    assert set(drawing["charts"]) == {"throughput", "failed", "runtime"}  # type: ignore[call-overload]
    assert (drawing["step"], drawing["end"]) == (10, NOW)


def test_filters_reach_every_part_of_the_page(shop: Client) -> None:
    for query in ({"module": "mail"}, {"task": "send"}, {"q": "MAIL"}):
        text = shop.get("/", {"range": "5m", **query}).text
        assert "<b>150</b> runs behind this page" in text
        assert "shop.orders.tasks.charge?" not in text


def test_nothing_that_fits_says_so_and_offers_all(shop: Client) -> None:
    text = shop.get("/", {"q": "nowhere"}).text
    assert "No task's name fits." in text
    assert "Show all tasks" in text


def test_a_span_without_runs_says_what_to_do(shop: Client) -> None:
    text = shop.get("/", {"from": str(NOW - 9000), "until": str(NOW - 8000)}).text
    assert "None of 2 tasks ended a run in this time." in text


def test_a_task_has_its_page(shop: Client) -> None:
    answer = shop.get("/task/shop.orders.tasks.charge", {"range": "5m"})
    assert answer.status_code == 200
    assert "<b>150</b> runs behind this page" in answer.text
    assert "/?range=5m&amp;app=shop&amp;module=orders-tasks" in answer.text


def test_an_unknown_task_is_not_found(shop: Client) -> None:
    answer = shop.get("/task/shop.nothing")
    assert answer.status_code == 404
    assert "No run of a task named shop.nothing has been seen." in answer.text


@pytest.mark.parametrize("path", ["/", "/task/shop.orders.tasks.charge"])
def test_a_bad_value_is_one_clear_line(shop: Client, path: str) -> None:
    answer = shop.get(path, {"range": "6<x>"})
    assert answer.status_code == 400
    assert "range=6&lt;x&gt; is not valid: use a number and m, h, d, w or y" in answer.text


def test_an_empty_store_says_what_to_add() -> None:
    text = _client(FakeStore()).get("/").text
    assert "celeryscope.instrument(app)" in text
    assert "127.0.0.1:8125" in text


class _Scripts(HTMLParser):
    """Collects the text of all scripts, and whatever should not be markup."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[tuple[str, str | None]] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}
        if tag == "script" and "src" not in dict(attrs):
            self.inline.append((tag, dict(attrs).get("type")))


def test_hostile_names_stay_text() -> None:
    client = _client(_busy(f"celery.task.shop.x.{HOSTILE}"))
    overview = client.get("/", {"range": "5m", "q": "script", "app": HOSTILE})
    name = f"shop.x.{HOSTILE}"
    task = client.get(str(httpx.URL("/task/").join(_quoted(name))), {"range": "5m"})
    assert (overview.status_code, task.status_code) == (200, 200)
    for answer in (overview, task):
        scripts = _Scripts()
        scripts.feed(answer.text)
        assert scripts.inline == [("script", "application/json")]
        assert "alert" in answer.text
        assert "<script>alert" not in answer.text
    assert HOSTILE in orjson.dumps(_drawing(task)).decode().replace('\\"', '"')


def _quoted(name: str) -> str:
    return "/task/" + "".join(f"%{byte:02X}" for byte in name.encode())


def test_the_content_policy_needs_no_exception(shop: Client) -> None:
    scripts = _Scripts()
    scripts.feed(shop.get("/", {"range": "5m"}).text)
    assert "style" not in scripts.attributes
    assert not any(name.startswith("on") for name in scripts.attributes)


@pytest.mark.parametrize("path", ["/", "/task/shop.orders.tasks.charge", "/task/absent"])
def test_every_link_stays_below_the_root_path(shop: Client, path: str) -> None:
    below = Client(RootPath(shop.app, "/celery"))
    links = re.findall(r'(?:href|src|action)="([^"#?][^"]*)"', below.get(path).text)
    assert len(links) > 5
    assert [link for link in links if not link.startswith("/celery/")] == []


def test_scripts_name_no_address_from_the_root() -> None:
    for script in (STATIC / "js").glob("*.js"):
        assert not re.search(r"""["'`]/(api|server|static|task)""", script.read_text()), script


def test_live_events_are_a_stream_that_no_proxy_holds_back(shop: Client) -> None:
    answer = shop.get("/api/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text == "retry: 2000\n\n"


def test_static_files_are_asked_about_by_etag(shop: Client) -> None:
    answer = shop.get("/static/app.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"]
    assert shop.get("/static/../routes.py").status_code == 404


def _imported(script: Path) -> set[Path]:
    """Return a module and all that it imports."""
    found, waiting = set[Path](), [script]
    while waiting:
        module = waiting.pop().resolve()
        if module not in found:
            found.add(module)
            imports = re.findall(
                r'^import .*? from "(\.[^"]+)";', module.read_text(), re.MULTILINE | re.DOTALL
            )
            waiting += [module.parent / name for name in imports]
    return found


def test_the_first_page_stays_within_its_budget(shop: Client) -> None:
    text = shop.get("/", {"range": "5m"}).text
    scripts = re.findall(r'<script [^>]*src="/static/([^"]+)"', text)
    styles = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', text)
    files = {STATIC / name for name in styles}
    files = files.union(*(_imported(STATIC / name) for name in scripts))
    assert len(files) > 15
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < BUDGET


def test_every_script_is_short_and_used() -> None:
    scripts = {script.resolve() for script in (STATIC / "js").iterdir()}
    used = _imported(STATIC / "js/main.js") | {(STATIC / "js/theme.js").resolve()}
    assert scripts == used
    assert all(len(script.read_text().splitlines()) <= 200 for script in scripts)


def test_a_store_that_cannot_be_read_is_said_on_a_page(
    shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_store: FakeStore, _window: Window) -> None:
        raise StoreError("the store could not be read: no memory")

    monkeypatch.setattr(FakeStore, "covered", fail)
    answer = shop.get("/")
    assert answer.status_code == 503
    assert "the store could not be read: no memory" in answer.text
