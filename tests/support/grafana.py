"""Packaged dashboards, and their queries as Grafana asks them: with values for all variables.

What it does to a query is written down from its code: formats by data source, All, multi-value,
built-in variables, and in the browser the function around each of Graphite's targets. Grafana
itself is not run.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from celeryscope.grafana.model import Edition
from celeryscope.grafana.packaged import packaged

Json = Any  # a dashboard is looked into, not modelled

ALL = "$__all"
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?:\.([^:}]+))?(?::(\w+))?\}")
_JS_GROUP = re.compile(r"\(\?<(?=\w)")
_TO_ESCAPE = re.compile(r"[$^*{}\[\]'+?.()|]")

Chosen = str | Sequence[str]
"""One value, or several; ALL is every one."""


@dataclass(frozen=True, slots=True)
class Option:
    """What a reader may choose: shown as `text`."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Span:
    """A time range in Unix seconds, drawn with so many points."""

    start: int
    end: int
    points: int = 100
    scrape: int = 15

    @property
    def interval(self) -> int:
        """Return the seconds between two points, at least those between two scrapes."""
        return max((self.end - self.start) // self.points, self.scrape)

    def built_in(self) -> dict[str, str]:
        """Return Grafana's own variables."""
        seconds = self.end - self.start
        return {
            "__interval": f"{self.interval}s",
            "__interval_ms": str(self.interval * 1000),
            "__rate_interval": f"{max(self.interval + self.scrape, 4 * self.scrape)}s",
            "__range": f"{seconds}s",
            "__range_s": str(seconds),
            "__range_ms": str(seconds * 1000),
            "__url_time_range": f"from={self.start * 1000}&to={self.end * 1000}",
        }


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel, its variables not yet replaced."""

    board: str
    panel: str
    ref_id: str
    text: str
    instant: bool

    @property
    def id(self) -> str:
        return f"{self.board}: {self.panel}: {self.ref_id}"


class Board:
    """One packaged dashboard."""

    def __init__(self, edition: Edition, text: str) -> None:
        self.edition = edition
        self.text = text
        self.data: Json = json.loads(text)
        self.uid: str = self.data["uid"]
        self.variables: list[Json] = self.data["templating"]["list"]
        self.rows = [one for one in self.data["panels"] if one["type"] == "row"]
        self.panels = [one for one in self.data["panels"] if one["type"] != "row"]

    def variable(self, name: str) -> Json:
        return next(one for one in self.variables if one["name"] == name)

    def queries(self) -> Iterator[Json]:
        """Yield the variables whose values come from data."""
        return (one for one in self.variables if one["type"] == "query")

    def targets(self) -> Iterator[Target]:
        for panel in self.panels:
            for one in panel["targets"]:
                text = one["target" if self.edition is Edition.GRAPHITE else "expr"]
                instant = one.get("instant", False)
                yield Target(self.uid, panel["title"], one["refId"], text, instant)

    def choices(
        self, ask: Callable[[str], Sequence[str]], choose: Callable[[Sequence[Option]], Chosen]
    ) -> dict[str, Chosen]:
        """Return a value for each variable, each asked for with those before it in place.

        `ask` answers a variable's query, `choose` picks of a multi-value variable's options; any
        other takes the first. What was chosen when the dashboard was saved stays chosen.
        """
        chosen: dict[str, Chosen] = {}
        for one in self.variables:
            if one["type"] == "query":
                found = options(one, ask(self.interpolated(one["query"], chosen)))
                chosen[one["name"]] = choose(found) if one["multi"] else found[0].value
            elif one["type"] != "datasource":
                chosen[one["name"]] = one["current"]["value"]
        return chosen

    def interpolated(
        self, text: str, chosen: Mapping[str, Chosen], span: Span | None = None
    ) -> str:
        """Return a query as the data source gets it."""
        built_in = span.built_in() if span else {}

        def replaced(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name in built_in:
                return built_in[name]
            if name not in chosen:
                return match[0]
            return self._formatted(name, chosen[name], match[4] or self.edition.value)

        return _VARIABLE.sub(replaced, text)

    def _formatted(self, name: str, value: Chosen, form: str) -> str:
        if form == "queryparam":
            values = [value] if isinstance(value, str) else value
            return "&".join(f"var-{name}={quote(one, safe='$')}" for one in values)
        variable = self.variable(name)
        if value == ALL:
            return str(variable["allValue"])
        if form == Edition.GRAPHITE.value:
            return _glob(value)
        may_be_many = bool(variable["multi"] or variable["includeAll"])
        return _regular(value, may_be_many=may_be_many)


def boards(edition: Edition) -> list[Board]:
    """Return an edition's dashboards."""
    files = packaged(edition).items()
    return [Board(edition, text) for path, text in files if path.startswith("dashboards/")]


def options(variable: Json, found: Sequence[str]) -> list[Option]:
    """Return what a variable offers of what its query found, each value once, in order."""
    pattern = variable.get("regex", "")
    made = filter(None, (_option(pattern, one) for one in found))
    return sorted({one.value: one for one in made}.values(), key=lambda one: one.text)


def in_browser(target: str, ref_id: str) -> str:
    """Return one of Graphite's targets as the browser asks it, which finds the letter again."""
    return rf'aliasSub({target}, "(^.*$)", "\1 {ref_id}")'


def in_server(target: str) -> str:
    """Return one of Graphite's targets as Grafana's own process asks it."""
    return re.sub(
        r"(['\"])(\d+)m\1", r"\1\2min\1", re.sub(r"(['\"])(\d+)M\1", r"\1\2mon\1", target)
    )


def _option(pattern: str, found: str) -> Option | None:
    if not pattern:
        return Option(found, found)
    match = re.search(_JS_GROUP.sub("(?P<", pattern.strip("/")), found)
    if match is None:
        return None
    named = match.groupdict()
    if named:
        return Option(named.get("text", named["value"]), named.get("value", named["text"]))
    text = match[1] if match.re.groups else found
    return Option(text, text)


def _glob(value: Chosen) -> str:
    if isinstance(value, str):
        return value
    return value[0] if len(value) == 1 else f"{{{','.join(value)}}}"


def _regular(value: Chosen, *, may_be_many: bool) -> str:
    """Return values for a PromQL string; of those that may be many each is quoted for a regex."""
    if isinstance(value, str) and not may_be_many:
        return value.replace("\\", "\\\\").replace('"', '\\"')
    values = [value] if isinstance(value, str) else value
    quoted = [_TO_ESCAPE.sub(r"\\\\\g<0>", one.replace("\\", r"\\\\")) for one in values]
    return quoted[0] if len(quoted) == 1 else f"({'|'.join(quoted)})"
