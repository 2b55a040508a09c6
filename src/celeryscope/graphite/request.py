"""Reads what a client asks: the query string and a form, merged, each value checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from celeryscope.graphite.errors import RequestError, shown
from celeryscope.graphite.formats import Options
from celeryscope.graphite.span import Span
from celeryscope.graphite.times import parse_time, parse_zone

MAX_BODY = 1 << 20
_MAX_FIELDS = 10_000
_WHOLE = re.compile(r"-?[0-9]{1,9}\Z")
_POINTS = re.compile(r"[1-9][0-9]{0,8}\Z")
_SHARE = re.compile(r"(?:0?\.[0-9]{1,15}|0|1(?:\.0{1,15})?)\Z")
_FORM = "application/x-www-form-urlencoded"
_TRUE = {"1", "true", "True", "on", "yes"}

T = TypeVar("T")


class BodyTooLargeError(RequestError):
    """The form is longer than the server reads."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A request's parameters: each name with its values, in order.

    `address` are those that the request's path holds.
    """

    values: Mapping[str, Sequence[str]]
    address: Mapping[str, str] = field(default_factory=dict)

    def all(self, name: str) -> list[str]:
        return [*self.values.get(name, ()), *self.values.get(f"{name}[]", ())]

    def one(self, name: str, default: str) -> str:
        """Return the last value; an empty one counts as none."""
        return (self.all(name) or [""])[-1] or default

    def flag(self, name: str) -> bool:
        return self.one(name, "") in _TRUE

    def choice(self, name: str, default: str, choices: Mapping[str, T]) -> T:
        """Return what the value chooses.

        Raises:
            RequestError: It is not one of the choices.
        """
        value = self.one(name, default)
        if value not in choices:
            raise RequestError(f"{name} is {shown(value)}; allowed is {' or '.join(choices)}")
        return choices[value]

    def whole(self, name: str, default: int) -> int:
        """Return a whole number.

        Raises:
            RequestError: It is none.
        """
        text = self.one(name, str(default))
        if not _WHOLE.match(text):
            raise RequestError(f"{name} is {shown(text)}; allowed is a whole number")
        return int(text)

    def points(self) -> int | None:
        """Return `maxDataPoints`, None if it is not given.

        Raises:
            RequestError: It is not a positive whole number.
        """
        text = self.one("maxDataPoints", "")
        if not text:
            return None
        if not _POINTS.match(text):
            raise RequestError(
                f"maxDataPoints is {shown(text)}; allowed is a whole number from 1 on"
            )
        return int(text)

    def share(self, name: str) -> float:
        """Return a number from 0 to 1, 0 if it is not given.

        Raises:
            RequestError: It is none.
        """
        text = self.one(name, "0")
        if not _SHARE.match(text):
            raise RequestError(f"{name} is {shown(text)}; allowed is a number from 0 to 1")
        return float(text)

    def zone(self) -> tzinfo:
        text = self.one("tz", "")
        return parse_zone(text) if text else UTC

    def span(self, now: float) -> Span:
        """Return the range asked for; its ends may come in either order.

        The parameter `now` is a time that all others are relative to, in place of the clock's.

        Raises:
            RequestError: An end is not a time, or both are the same.
        """
        if self.one("now", ""):
            now = parse_time("now", self.one("now", ""), now, self.zone())
        ends = {
            key: parse_time(key, self.one(key, default), now, self.zone())
            for key, default in (("from", "-1d"), ("until", "now"))
        }
        start, end = sorted(ends.values())
        if start == end:
            raise RequestError(
                f"from {shown(self.one('from', '-1d'))} and until "
                f"{shown(self.one('until', 'now'))} are the same time; "
                "allowed is a range of one second or more"
            )
        return Span(start, end, self.points(), now, self.zone(), self.share("xFilesFactor"))

    def options(self) -> Options:
        return Options(self.flag("noNullPoints"), self.zone())


async def read_parameters(request: Request) -> Parameters:
    """Read the query string, then the form of a POST.

    Raises:
        RequestError: The form is too large or not one.
    """
    fields = request.query_params.multi_items()
    if request.method == "POST":
        fields += _form(request.headers.get("content-type", _FORM), await _body(request))
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return Parameters(values, request.path_params)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BodyTooLargeError(f"the form is longer than {MAX_BODY:,} bytes")
    return bytes(body)


def _form(media_type: str, body: bytes) -> list[tuple[str, str]]:
    if body and media_type.partition(";")[0].strip().lower() != _FORM:
        raise RequestError(f"content-type is {shown(media_type)}; allowed is {_FORM}")
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise RequestError(f"the form has more than {_MAX_FIELDS:,} fields") from None
