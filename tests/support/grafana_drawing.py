"""A packaged dashboard with what its queries answer: all that a page needs to draw it."""

from collections.abc import Mapping
from typing import Any

import httpx

from support.grafana import Board, Chosen, Span, in_browser
from support.grafana_sources import Graphite, every

Json = Any  # what is drawn is handed on, not modelled

_BOARD_KEYS = ("title", "description", "time", "refresh")
_PANEL_KEYS = ("id", "title", "type", "gridPos", "fieldConfig", "options", "datasource")


def drawing(board: Board, client: httpx.Client, end: int, hours: int) -> Json:
    """Return a dashboard of the Graphite edition, with the data of its last hours."""
    span = Span(end - hours * 3600, end)
    chosen = board.choices(Graphite(client, span).variable, every)
    return {
        **{key: board.data[key] for key in _BOARD_KEYS},
        "start": span.start,
        "end": span.end,
        "variables": [
            {"label": one["label"], "text": one.get("current", {}).get("text", "celeryscope")}
            for one in board.variables
        ],
        "rows": board.rows,
        "panels": [_panel(board, panel, client, span, chosen) for panel in board.panels],
        "events": _events(board, client, span),
    }


def _panel(
    board: Board, panel: Json, client: httpx.Client, span: Span, chosen: Mapping[str, Chosen]
) -> Json:
    targets = [
        in_browser(board.interpolated(one["target"], chosen, span), one["refId"])
        for one in panel["targets"]
    ]
    form = {
        "target": targets,
        "from": str(span.start),
        "until": str(span.end),
        "format": "json",
        "maxDataPoints": str(panel["maxDataPoints"]),
    }
    answer = client.post("/render", data=form).raise_for_status()
    return {
        **{key: panel[key] for key in _PANEL_KEYS},
        "series": [_series(one["target"], one["datapoints"]) for one in answer.json()],
    }


def _series(target: str, points: list[tuple[float | None, int]]) -> Json:
    """Return one series; the last word of its name is its query's letter."""
    name, _, letter = target.rpartition(" ")
    return {
        "name": name,
        "refId": letter,
        "times": [moment for _, moment in points],
        "values": [value for value, _ in points],
    }


def _events(board: Board, client: httpx.Client, span: Span) -> Json:
    """Return what the dashboard's annotations find."""
    found: list[Json] = []
    for one in board.data["annotations"]["list"]:
        tags = " ".join(one["target"]["tags"])
        window = {"from": str(span.start), "until": str(span.end), "tags": tags}
        answer = client.get("/events/get_data", params=window).raise_for_status()
        found += [{**event, "color": one["iconColor"]} for event in answer.json()]
    return found
