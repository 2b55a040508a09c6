"""What the server says of itself, on its page and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.web import serverpage
from celeryscope.web.status import Status
from support.asgi import Client

HOSTILE = "<script>alert('x')</script>"


@dataclass(frozen=True)
class Line:
    line: str
    reason: str = "format"
    sender: str = "127.0.0.1:40000"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_status(lines: Sequence[Line] = (), clock: Clock | None = None) -> Status:
    listens = ["127.0.0.1:8125", "unix:///run/s.sock"]
    return Status(listens, ["carbon 127.0.0.1:2003"], lambda: lines, clock or Clock())


def a_flush(counters: dict[str, float], gauges: dict[str, float] | None = None) -> Flush:
    return Flush(0, 10, counters=counters, gauges=gauges or {})


def test_counters_are_summed_and_gauges_are_the_last() -> None:
    status = a_status()
    status.put(a_flush({"celeryscope.packets": 3.0, "a": 9.0}, {"celeryscope.flush.lag": 7.0}))
    status.put(a_flush({"celeryscope.packets": 4.0}, {"celeryscope.flush.lag": 2.5}))
    numbers = {number.name: number for number in status.report().numbers}
    assert set(numbers) == {"packets", "flush.lag"}
    assert (numbers["packets"].total, numbers["packets"].now) == (7.0, 4.0)
    assert (numbers["flush.lag"].total, numbers["flush.lag"].now) == (None, 2.5)


def test_a_counter_that_rests_is_0_now() -> None:
    status = a_status()
    status.put(a_flush({"celeryscope.packets": 3.0}))
    status.put(a_flush({}))
    (number,) = status.report().numbers
    assert (number.total, number.now) == (3.0, 0.0)


def test_only_what_was_really_lost_is_among_the_losses() -> None:
    status = a_status()
    lost = {"celeryscope.dropped.kernel": 2.0, "celeryscope.outputs.carbon-a.dropped": 5.0}
    status.put(a_flush({**lost, "celeryscope.dropped.backlog": 0.0, "celeryscope.lines": 1.0}))
    assert [one.name for one in status.report().losses] == [
        "dropped.kernel",
        "outputs.carbon-a.dropped",
    ]


def test_what_clients_invent_under_the_servers_prefix_takes_no_memory_without_end() -> None:
    status = a_status()
    for hundred in range(20):
        names = (f"celeryscope.bad_lines.{hundred}x{one}" for one in range(100))
        status.put(a_flush(dict.fromkeys(names, 1.0)))
    assert len(status.report().numbers) == 1000


def test_the_page_says_what_was_lost_and_which_lines_were_refused() -> None:
    clock = Clock()
    status = a_status([Line("a:1|x", "type")], clock)
    status.put(a_flush({"celeryscope.dropped.kernel": 1234.0}))
    clock.now += 7200
    text = Client(Starlette(routes=serverpage.routes(status))).get("/server").text
    assert "for 2 hours now" in text
    assert "unix:///run/s.sock" in text
    assert "carbon 127.0.0.1:2003" in text
    assert ">1,234<" in text
    assert "a:1|x" in text
    assert "127.0.0.1:40000" in text
    assert 'href="/">Overview' in text


def test_a_server_that_lost_nothing_says_so() -> None:
    text = Client(Starlette(routes=serverpage.routes(a_status()))).get("/server").text
    assert "Nothing was lost that the server knows of." in text
    assert "None was." in text


def test_a_refused_line_is_text_whatever_it_holds() -> None:
    status = a_status([Line(HOSTILE, sender=HOSTILE)])
    text = Client(Starlette(routes=serverpage.routes(status))).get("/server").text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_an_edge_has_no_other_page() -> None:
    client = Client(Starlette(routes=serverpage.edge_routes(a_status())))
    answer = client.get("/")
    assert "It has no store: it only hands on." in answer.text
    assert "Overview" not in answer.text
    assert client.get("/static/app.css").status_code == 200
    assert client.get("/server").status_code == 404


def test_scripts_get_the_same_as_json() -> None:
    status = a_status([Line("a:1|x", "type")])
    status.put(a_flush({"celeryscope.packets": 3.0}))
    answer = Client(Starlette(routes=serverpage.routes(status))).get("/api/server")
    assert answer.headers["content-type"] == "application/json"
    data = orjson.loads(answer.content)
    assert data["listens"] == ["127.0.0.1:8125", "unix:///run/s.sock"]
    assert data["bad_lines"] == [{"line": "a:1|x", "reason": "type", "sender": "127.0.0.1:40000"}]
    assert data["numbers"][0] == {
        "name": "packets",
        "help": "Datagrams received.",
        "unit": "datagrams",
        "loss": False,
        "total": 3.0,
        "now": 3.0,
    }
