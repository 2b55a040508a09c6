"""What a client asks for: parameters with text as values, and what each of them means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TypeVar

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import RequestError, shown
from celeryscope.graphite.formats import Options
from celeryscope.graphite.span import Span
from celeryscope.graphite.times import parse_time, parse_zone

_WHOLE = re.compile(r"-?[0-9]{1,9}\Z")
_POINTS = re.compile(r"[1-9][0-9]{0,8}\Z")
_SHARE = re.compile(r"(?:0?\.[0-9]{1,15}|0|1(?:\.0{1,15})?)\Z")
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,63}(?:\.[A-Za-z_$][\w$]{0,63}){0,7}\Z", re.ASCII)
_TRUE = {"1", "true", "True", "on", "yes"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parameters:
    """A request's parameters: each name with its values, in order.

    `address` are those that the request's path holds, `budget` is what answering may take, and
    `body` what a POST sends that is not made of parameters.
    """

    values: Mapping[str, Sequence[str]]
    address: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    body: bytes = b""

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

    def limit(self, default: int | None) -> int | None:
        """Return `limit`, the most entries that the answer may have; None is for any number.

        Raises:
            RequestError: It is negative, or no whole number.
        """
        if not self.one("limit", ""):
            return default
        limit = self.whole("limit", 0)
        if limit < 0:
            raise RequestError(f"limit is {limit}; allowed is a whole number from 0 on")
        return limit

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
        share, templates = self.share("xFilesFactor"), self.keyed("template")
        return Span(start, end, self.points(), now, self.zone(), share, templates)

    def keyed(self, name: str) -> dict[str, str]:
        """Return the last values of `name[key]` by key."""
        begin = f"{name}["
        return {
            field.removeprefix(begin).removesuffix("]"): values[-1]
            for field, values in self.values.items()
            if field.startswith(begin) and field.endswith("]")
        }

    def options(self) -> Options:
        return Options(self.flag("noNullPoints"), self.zone(), self.flag("pretty"), self.budget)

    def callback(self) -> str:
        """Return `jsonp`, the JavaScript function that the answer is to call; empty for none.

        Raises:
            RequestError: It is no name of a function.
        """
        name = self.one("jsonp", "")
        if name and not _CALLBACK.match(name):
            raise RequestError(f"jsonp is {shown(name)}; allowed is the name of a function")
        return name
