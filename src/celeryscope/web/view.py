"""What a page shows: the state that lives in its URL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from celeryscope.web.ranges import LONGEST, BadRangeError, Span, seconds_of

SORTS = ("task", "rate", "runs", "failed", "p50", "p95", "p99", "total")
_LATEST = 4102444800
_SHORTEST_ZOOM = 10
_LONGEST_TEXT = 200


class BadQueryError(ValueError):
    """A query value that cannot be read; the message names key, value and what is allowed."""

    def __init__(self, key: str, value: str, allowed: str) -> None:
        super().__init__(f"{key}={value[:_LONGEST_TEXT]} is not valid: use {allowed}.")


@dataclass(frozen=True, slots=True)
class View:
    """One page's state; an empty value means that its key is not in the URL.

    `zoom` holds absolute first and last seconds. `sort` is a column, with `-` before it where
    the largest comes first.
    """

    range: str = ""
    zoom: tuple[int, int] | None = None
    app: str = ""
    module: str = ""
    task: str = ""
    q: str = ""
    sort: str = "-runs"
    rows: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read a query string's values; raises BadQueryError."""
        return cls(
            range=_range(query.get("range", "")),
            zoom=_zoom(query.get("from", ""), query.get("until", "")),
            sort=_sort(query.get("sort") or "-runs"),
            rows=_choice("rows", query.get("rows", ""), ("all",)),
            **{key: _text(key, query.get(key, "")) for key in ("app", "module", "task", "q")},
        )

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def filtered(self) -> bool:
        return any((self.app, self.module, self.task, self.q))

    def span(self, now: float, usual: str) -> Span:
        """Return the span shown; `usual` is the range where the URL names none."""
        if self.zoom:
            return Span(self.zoom[0], self.zoom[1], follows=False)
        return Span(now - seconds_of(self.range or usual), now, follows=True)

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - values of any field
        """Return the query string of this view with some fields changed, `?` included."""
        view = replace(self, **changes)
        start, end = view.zoom or ("", "")
        values = {
            "range": view.range,
            "from": start,
            "until": end,
            "app": view.app,
            "module": view.module,
            "task": view.task,
            "q": view.q,
            "sort": "" if view.sort == "-runs" else view.sort,
            "rows": view.rows,
        }
        text = urlencode({key: value for key, value in values.items() if value != ""})
        return f"?{text}" if text else ""

    def sorted_by(self, column: str) -> str:
        """Return the query that sorts by a column, or turns it round when it does already."""
        first = column if column == "task" else f"-{column}"
        other = f"-{column}" if column == "task" else column
        return self.query(sort=other if self.sort == first else first)


def _range(text: str) -> str:
    try:
        return text and str(seconds_of(text) and text)
    except BadRangeError as error:
        raise BadQueryError("range", text, str(error)) from None


def _zoom(start: str, end: str) -> tuple[int, int] | None:
    if not start and not end:
        return None
    first, last = _second("from", start), _second("until", end)
    if not _SHORTEST_ZOOM <= last - first <= LONGEST:
        raise BadQueryError("until", end, "a time from 10 seconds to 366 days after `from`")
    return first, last


def _second(key: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LATEST))):
        raise BadQueryError(key, text, "whole Unix seconds; `from` and `until` go together")
    return int(text)


def _sort(text: str) -> str:
    _choice("sort", text.removeprefix("-"), SORTS)
    return text


def _choice(key: str, text: str, allowed: tuple[str, ...]) -> str:
    if text and text not in allowed:
        raise BadQueryError(key, text, ", ".join(allowed))
    return text


def _text(key: str, text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise BadQueryError(key, text, f"at most {_LONGEST_TEXT} characters")
    return text.strip()
