"""Points that come by Carbon's doors to a real server, and are asked for as Graphite's users do."""

import pickle
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.processes import accepts, free_port, wait_until
from support.server import ServerUnderTest, celeryscope_server

SCHEMAS = "[short]\npattern = ^short\\.\nretentions = 1s:1h,1m:1d\n"
AGGREGATION = "[sums]\npattern = \\.hits$\naggregationMethod = sum\n"
NOW = int(time.time()) // 60 * 60


class Carbon:
    """A server with Carbon's doors open."""

    def __init__(self, server: ServerUnderTest, line: int, pickled: int) -> None:
        self.server = server
        self._line = line
        self._pickled = pickled

    def send_lines(self, *lines: str) -> None:
        with socket.create_connection(("127.0.0.1", self._line)) as client:
            client.sendall("".join(f"{line}\n" for line in lines).encode())

    def send_datagram(self, line: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(line.encode(), ("127.0.0.1", self._line))

    def send_pickle(self, *points: tuple[str, tuple[int, float]]) -> None:
        message = pickle.dumps(list(points), protocol=2)
        with socket.create_connection(("127.0.0.1", self._pickled)) as client:
            client.sendall(struct.pack("!L", len(message)) + message)

    def values(self, target: str, since: int, until: int) -> dict[int, float]:
        span = {"from": since, "until": until}
        found = self.server.render(target, **span).get(target, [])
        return {at: value for value, at in found if value is not None}


@pytest.fixture(scope="module")
def carbon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carbon]:
    folder = tmp_path_factory.mktemp("carbon")
    line, pickled = free_port(), free_port()
    for name, text in {"schemas": SCHEMAS, "aggregation": AGGREGATION}.items():
        (folder / name).write_text(text)
    flags = ["--carbon-line", f"127.0.0.1:{line}", "--carbon-pickle", f"127.0.0.1:{pickled}"]
    flags += ["--storage-schemas", str(folder / "schemas")]
    flags += ["--storage-aggregation", str(folder / "aggregation"), "--flush-interval", "1s"]
    with celeryscope_server(folder, flags) as server:
        wait_until(lambda: accepts(line) and accepts(pickled))
        yield Carbon(server, line, pickled)


def test_lines_pickles_and_datagrams_are_read_back_under_their_own_names(carbon: Carbon) -> None:
    carbon.send_lines(f"servers.web1.load 1.5 {NOW - 600}", f"servers.web2.load 3 {NOW - 600}")
    carbon.send_pickle(("servers.web1.load", (NOW - 590, 2.5)))
    carbon.send_datagram(f"servers.web1.load 4 {NOW - 580}")
    wanted = {NOW - 600: 1.5, NOW - 590: 2.5, NOW - 580: 4.0}
    wait_until(lambda: carbon.values("servers.web1.load", NOW - 600, NOW - 570) == wanted)
    query = {"query": "servers.*"}
    found = httpx.get(f"{carbon.server.url}/metrics/find", params=query).json()
    assert [(node["text"], node["leaf"]) for node in found] == [("web1", 0), ("web2", 0)]
    both = carbon.server.render("sumSeries(servers.*.load)", **{"from": NOW - 600, "until": NOW})
    assert both["sumSeries(servers.*.load)"][0] == (4.5, NOW - 600)


def test_the_last_of_two_points_for_one_time_counts_however_old(carbon: Carbon) -> None:
    carbon.send_lines(f"again.value 1 {NOW - 3600}")
    wait_until(lambda: carbon.values("again.value", NOW - 3600, NOW - 3590) == {NOW - 3600: 1.0})
    carbon.send_lines(f"again.value 2 {NOW - 3600}")
    wait_until(lambda: carbon.values("again.value", NOW - 3600, NOW - 3590) == {NOW - 3600: 2.0})


def test_a_schema_keeps_its_series_in_steps_of_its_own(carbon: Carbon) -> None:
    carbon.send_lines(*(f"short.value {second} {NOW - 300 + second}" for second in range(3)))
    carbon.send_lines(f"long.value 7 {NOW - 300}")
    wanted = {NOW - 300 + second: float(second) for second in range(3)}
    wait_until(lambda: carbon.values("short.value", NOW - 300, NOW - 290) == wanted)
    wait_until(lambda: carbon.values("long.value", NOW - 300, NOW - 290) == {NOW - 300: 7.0})


def test_a_rule_says_how_a_series_is_merged(carbon: Carbon) -> None:
    carbon.send_lines(*(f"page.hits 2 {NOW - 1200 + 10 * i}" for i in range(6)))
    carbon.send_lines(*(f"page.load {i} {NOW - 1200 + 10 * i}" for i in range(5)))
    wait_until(lambda: len(carbon.values("page.load", NOW - 1200, NOW - 1140)) == 5)
    assert carbon.server.whole("page.hits", NOW - 1200, NOW - 1140) == 12.0
    assert carbon.server.whole("page.load", NOW - 1200, NOW - 1140) == 2.0


def test_what_is_refused_is_counted_and_shown(carbon: Carbon) -> None:
    carbon.send_lines("no point at all")

    def refused() -> list[str]:
        status = httpx.get(f"{carbon.server.url}/api/server").json()
        return [one["line"] for one in status["bad_lines"]]

    wait_until(lambda: "no point at all" in refused())
    wait_until(
        lambda: (
            carbon.server.total("stats.counters.celeryscope.carbon.bad_lines.**.count", NOW - 60)
            == 1
        )
    )


def test_doors_without_a_store_are_refused(tmp_path: Path) -> None:
    flags = ["--no-store", "--carbon-line", "127.0.0.1:0"]
    refused = pytest.raises(AssertionError, match="bring points to the store, and there is none")
    with refused, celeryscope_server(tmp_path, flags):
        raise NotImplementedError


def test_a_server_takes_few_new_series_and_all_that_it_stored_before(tmp_path: Path) -> None:
    line = free_port()
    flags = ["--carbon-line", f"127.0.0.1:{line}", "--max-new-series", "1"]
    with celeryscope_server(tmp_path, flags) as server:
        before = Carbon(server, line, 0)
        before.send_lines(*(f"old.n{i} 1 {NOW - 60}" for i in range(5)))
        wait_until(lambda: len(server.render("old.*", **{"from": NOW - 60})) == 5)
    with celeryscope_server(tmp_path, [*flags, "--max-series", "1"]) as server:
        after = Carbon(server, line, 0)
        after.send_lines(*(f"{age}.n{i} 2 {NOW - 60}" for age in ("new", "old") for i in range(5)))
        wait_until(lambda: server.total("old.*", NOW - 60) == 10)
        assert len(server.render("new.*", **{"from": NOW - 60})) == 1
        bad = httpx.get(f"{server.url}/api/server").json()["bad_lines"]
        assert [(one["line"], one["reason"]) for one in bad] == [
            (f"new.n{i} 2 {NOW - 60}", "new") for i in range(1, 5)
        ]
