"""Grafana's requests, as its code writes them in both of its modes, get the answers it needs.

In browser mode the page asks through Grafana's proxy and marks every series with its query's
letter; in server mode Grafana's own process asks, as it does for alerts. A golden file is one
request, its body and its address byte for byte, and what has to come back: `json` or `text` as a
whole, `holds` for what a large answer has to hold, `levels` for the values that each line goes
through when the range moves with the clock. Grafana itself is not run.
"""

import json
import re
import time
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from celeryscope.flush import Flush
from celeryscope.sketch import Distribution
from support.server import celeryscope_server
from support.stores import START, opened

GOLDEN = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "grafana").glob("*.json"))
}
# Times are written for data that starts at START, and moved to where the data is.
WRITTEN_TIME = re.compile(r"\b17000\d{5}\b")
LETTER = re.compile(r'"\\1 (\w+)"\)')
STEP = 60
RETENTIONS = "1m:1d"
TASK = "celery.task.shop.orders"
PARAMETER_TYPES = {
    "aggFunc",
    "aggOrSeriesFunc",
    "any",
    "boolean",
    "date",
    "float",
    "intOrInf",
    "intOrInterval",
    "integer",
    "interval",
    "node",
    "nodeOrTag",
    "seriesList",
    "seriesLists",
    "string",
    "tag",
}

Json = Any  # what a golden file holds is looked into, not modelled


def draws(name: str) -> bool:
    golden = json.loads(GOLDEN[name])
    needed = golden["answer"]
    return golden["request"]["path"] == "/render" and bool(needed.get("json") or "levels" in needed)


RENDERS = list(filter(draws, GOLDEN))
LETTERED = [name for name in RENDERS if "aliasSub" in GOLDEN[name]]


def flushes(start: int) -> list[Flush]:
    """Return ten minutes of a busy and a rare task and of gauges; the seventh is missing."""
    made = []
    for minute in [*range(6), *range(7, 10)]:
        counters = {f"{TASK}.place.success": minute + 1.0}
        timers = {f"{TASK}.place.runtime": Distribution.of([20.0, 40.0])}
        if minute % 3 == 0:
            counters[f"{TASK}.cancel.success"] = 3 * (minute + 1.0)
            timers[f"{TASK}.cancel.runtime"] = Distribution.of([8.0])
        gauges = {
            "celery.worker.web-1.busy": float(minute % 4),
            "depth;host=web-1;queue=mail": float(minute),
            "depth;host=web-1;queue=pdf": 1.0,
        }
        made.append(Flush(start + STEP * minute, STEP, counters, gauges, {}, timers))
    return made


def moved_start(now: float) -> int:
    """Return a time from 20 to 80 minutes ago that is as far past the full hour as START is."""
    hour = 3600
    return int(now - hour / 3 - START) // hour * hour + START


class Replay:
    """Sends the requests to a server whose data was moved in time."""

    def __init__(self, client: httpx.Client, start: int) -> None:
        self._client = client
        self._shift = start - START

    def answer(self, name: str) -> httpx.Response:
        sent = self._golden(name)["request"]
        content = sent.get("body", "").encode()
        return self._client.request(
            sent["method"], sent["path"], headers=sent["headers"], content=content
        )

    def needed(self, name: str) -> Json:
        return self._golden(name)["answer"]

    def _golden(self, name: str) -> Json:
        return json.loads(WRITTEN_TIME.sub(self._moved, GOLDEN[name]))

    def _moved(self, found: re.Match[str]) -> str:
        return str(int(found[0]) + self._shift)


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder = tmp_path_factory.mktemp("server")
    now = time.time()
    start = moved_start(now)
    with opened(folder / "data", RETENTIONS, now) as store:
        for flush in flushes(start):
            store.write(flush)
    flags = ["--retentions", RETENTIONS, "--flush-interval", "1m"]
    with (
        celeryscope_server(folder, flags) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        released = {"what": "release 42", "tags": "celery deploy", "data": "by Ann"}
        assert client.post("/events/", json={**released, "when": start + 300}).is_success
        yield Replay(client, start)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_request_gets_the_answer_that_grafana_needs(replay: Replay, name: str) -> None:
    answer, needed = replay.answer(name), replay.needed(name)
    assert answer.status_code == needed.pop("status")
    assert answer.headers["content-type"] == needed.pop("content_type")
    ((kind, content),) = needed.items()
    assert part_to_compare(answer, kind, content) == content


def part_to_compare(answer: httpx.Response, kind: str, content: Json) -> Json:
    match kind:
        case "text":
            return answer.text
        case "levels":
            return levels(answer.json())
        case "holds":
            return part_of(answer.json(), content)
        case _:
            return answer.json()


def levels(series: Json) -> Json:
    """Return each series' name and its values, without nulls and repeats, in their order."""
    known = {one["target"]: [value for value, _ in one["datapoints"]] for one in series}
    return {
        name: [level for level, _ in groupby(value for value in values if value is not None)]
        for name, values in known.items()
    }


def part_of(whole: Json, pattern: Json) -> Json:
    """Return what a whole has under the keys of a pattern, to any depth."""
    if not isinstance(pattern, dict):
        return whole
    return {key: part_of(whole[key], inner) for key, inner in pattern.items() if key in whole}


@pytest.mark.parametrize("name", RENDERS)
def test_series_have_the_types_that_both_modes_read(replay: Replay, name: str) -> None:
    for one in replay.answer(name).json():
        assert set(one) == {"target", "tags", "datapoints"}
        assert all(isinstance(text, str) for tag in one["tags"].items() for text in tag)
        assert all(isinstance(value, float | None) for value, _ in one["datapoints"])
        times = [moment for _, moment in one["datapoints"]]
        assert all(isinstance(moment, int) for moment in times)
        (step,) = {later - earlier for earlier, later in pairwise(times)}
        assert step > 0


@pytest.mark.parametrize("name", LETTERED)
def test_a_series_ends_with_the_letter_of_its_query_and_comes_in_the_order_of_queries(
    replay: Replay, name: str
) -> None:
    form = parse_qs(json.loads(GOLDEN[name])["request"]["body"])
    asked = [LETTER.findall(target)[-1] for target in form["target"]]
    got = [one["target"].rpartition(" ")[2] for one in replay.answer(name).json()]
    order = [asked.index(letter) for letter in got]
    assert order == sorted(order)


def test_both_modes_draw_the_same(replay: Replay) -> None:
    browser, server = (replay.answer(f"{mode}_panel").json() for mode in ("browser", "server"))
    marked = [one for one in browser if one["target"].endswith(" A")]
    assert [{**one, "target": one["target"].removesuffix(" A")} for one in marked] == server


def test_the_query_editor_can_read_every_function(replay: Replay) -> None:
    for name, function in replay.answer("browser_functions").json().items():
        assert function["name"] == name
        assert all(isinstance(function[key], str) for key in ("description", "group"))
        for parameter in function["params"]:
            assert isinstance(parameter["name"], str)
            assert parameter.get("required", True) is True
            assert parameter["type"] in PARAMETER_TYPES
            assert parameter.get("suggestions", [0])
            assert "default" not in parameter or parameter["default"] is not None
