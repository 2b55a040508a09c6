"""What requests get that are beyond the limits: of the API and of the pages."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from celeryscope.flush import Flush
from celeryscope.graphite.budget import Limits
from celeryscope.graphite.gate import NOBODY_WAITS, RETRY_SECONDS
from celeryscope.graphite.routes import routes as graphite_routes
from celeryscope.metrics import Kind
from celeryscope.naming import Layout
from celeryscope.store.protocol import Node
from celeryscope.web.live import LiveFeed
from celeryscope.web.routes import routes as web_routes
from support.asgi import Client
from support.fake_store import FakeStore
from support.processes import wait_until

NOW = 1_700_000_400
ADVICE = "narrow its paths or its range, or ask for fewer values with maxDataPoints\n"


def app(limits: Limits, store: FakeStore) -> Starlette:
    counters = {f"celery.task.shop.orders.t{n}.success": 1.0 for n in range(9)}
    store.write(Flush(NOW - 10, 10, counters=counters))
    layout = (lambda: NOW, "celery", Layout.LEVELS, "127.0.0.1:8125", limits)
    return Starlette(
        routes=[
            *graphite_routes(store, lambda: NOW, limits=limits),
            *web_routes(store, LiveFeed(), *layout),
        ]
    )


def asked(path: str, limits: Limits) -> httpx.Response:
    query = {"query": "*", "target": "stats.counters.**", "from": "-1h"}
    return Client(app(limits, FakeStore())).get(
        path, query if path not in {"/", "/task/a"} else None
    )


@pytest.mark.parametrize("path", ["/render", "/metrics/find", "/metrics/index.json", "/functions"])
def test_a_request_without_time_is_told_so(path: str) -> None:
    answer = asked(path, Limits(seconds=0.0))
    assert answer.status_code == 400
    why = "the request takes longer than 0 s, which is max_query_time"
    assert answer.text == f"{why}; {ADVICE}"


def test_a_request_for_too_many_values_is_told_so() -> None:
    answer = asked("/render", Limits(values=100))
    assert answer.status_code == 400
    why = "the request needs more than 100 values, which is max_query_values"
    assert answer.text == f"{why}; {ADVICE}"


@pytest.mark.parametrize("path", ["/", "/task/a"])
def test_a_page_without_time_says_what_to_do(path: str) -> None:
    answer = asked(path, Limits(seconds=0.0))
    assert answer.status_code == 400
    assert "max_query_time" in answer.text
    assert "shorter range" in answer.text


@pytest.mark.parametrize("path", ["/render", "/metrics/find", "/"])
def test_who_comes_when_the_line_is_full_is_told_when_to_come_again(path: str) -> None:
    answer = asked(path, Limits(at_once=0))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(RETRY_SECONDS)


class StuckStore(FakeStore):
    """A store that seeks names until it is stopped."""

    def find(self, kind: Kind, pattern: Sequence[str]) -> list[Node]:
        wait_until(lambda: super(StuckStore, self).find(kind, pattern) is None, what="a stop")
        return []


@pytest.mark.parametrize("path", ["/render", "/metrics/find", "/"])
def test_what_is_done_for_a_client_ends_when_it_goes(path: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    query = b"query=*&target=a.*" if path != "/" else b""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query}
    application = app(Limits(), StuckStore())
    asyncio.run(application(scope | {"headers": [], "root_path": ""}, receive, send))
    assert sent[0]["status"] == NOBODY_WAITS
