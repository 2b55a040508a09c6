"""Grafana's data sources in small: how variables and panels ask Graphite and Prometheus."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import httpx

from support.grafana import ALL, Board, Chosen, Option, Span, Target, in_browser, in_server

_EXPAND = re.compile(r"expand\((.*)\)\Z")
_LABEL_VALUES = re.compile(r"label_values\((.*),\s*(\w+)\)\Z")

Values = list[float | None]


def every(_found: Sequence[Option]) -> Chosen:
    """Choose All."""
    return ALL


def two(found: Sequence[Option]) -> Chosen:
    """Choose the first two."""
    return [one.value for one in found[:2]]


def last(found: Sequence[Option]) -> Chosen:
    """Choose one."""
    return [found[-1].value]


@dataclass(frozen=True, slots=True)
class Graphite:
    """A Graphite, behind a client that knows its address."""

    client: httpx.Client
    span: Span

    def variable(self, query: str) -> list[str]:
        """Return what a variable's query finds."""
        window = {"from": str(self.span.start), "until": str(self.span.end)}
        expand = _EXPAND.match(query)
        if expand:
            answer = self.client.get("/metrics/expand", params={"query": expand[1], **window})
            return list(answer.raise_for_status().json()["results"])
        answer = self.client.post("/metrics/find", data={"query": query}, params=window)
        return [one["text"] for one in answer.raise_for_status().json()]

    def panel(self, targets: Sequence[tuple[str, str]]) -> dict[str, dict[str, Values]]:
        """Return all series of a panel's targets (letter, text), by letter, as the browser does."""
        found: dict[str, dict[str, Values]] = {letter: {} for letter, _ in targets}
        lettered = [in_browser(text, letter) for letter, text in targets]
        for marked, values in self._render(lettered):
            name, _, letter = marked.rpartition(" ")
            found[letter].setdefault(name, []).extend(values)
        return found

    def target(self, text: str) -> dict[str, Values]:
        """Return all series of one target, as Grafana's own process does."""
        return dict(self._render([in_server(text)]))

    def _render(self, targets: Sequence[str]) -> Iterator[tuple[str, Values]]:
        form = {
            "target": list(targets),
            "from": str(self.span.start),
            "until": str(self.span.end),
            "format": "json",
            "maxDataPoints": str(self.span.points),
        }
        answer = self.client.post("/render", data=form)
        assert answer.is_success, f"{targets}: {answer.text}"
        for one in answer.json():
            yield one["target"], [value for value, _ in one["datapoints"]]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus, behind a client that knows its address."""

    client: httpx.Client
    span: Span

    def variable(self, query: str) -> list[str]:
        """Return what `label_values(selector, label)` finds."""
        match = _LABEL_VALUES.match(query)
        assert match, query
        window = {"start": str(self.span.start), "end": str(self.span.end)}
        answer = self.client.get(
            f"/api/v1/label/{match[2]}/values", params={"match[]": match[1], **window}
        )
        assert answer.is_success, f"{query}: {answer.text}"
        return list(answer.json()["data"])

    def target(self, text: str, *, instant: bool) -> dict[str, Values]:
        """Return all series of one expression, by their labels' text."""
        if instant:
            parameters = {"query": text, "time": str(self.span.end)}
        else:
            window = {"start": str(self.span.start), "end": str(self.span.end)}
            parameters = {"query": text, **window, "step": str(self.span.interval)}
        answer = self.client.post(f"/api/v1/query{'' if instant else '_range'}", data=parameters)
        assert answer.is_success, f"{text}: {answer.text}"
        return {
            str(one["metric"]): [
                float(value) for _, value in ([one["value"]] if instant else one["values"])
            ]
            for one in answer.json()["data"]["result"]
        }


def panels(
    board: Board, chosen: Mapping[str, Chosen], span: Span
) -> Iterator[tuple[str, list[tuple[Target, str]]]]:
    """Yield each panel's title, and its targets with their texts as they are sent."""
    for title, targets in groupby(board.targets(), key=lambda one: one.panel):
        yield title, [(one, board.interpolated(one.text, chosen, span)) for one in targets]
