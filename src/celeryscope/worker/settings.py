"""How the worker library is set up: argument, else `app.conf`, else environment, else default."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from celery.exceptions import ImproperlyConfigured

from celeryscope.naming import Layout, valid_prefix

_ADDRESS = re.compile(r"(?:\[(?P<v6>[^\[\]\s]+)\]|(?P<host>[^:\[\]\s]+)):(?P<port>[0-9]{1,5})\Z")
_MAX_PORT = 65535
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class SettingError(ImproperlyConfigured):
    """A setting that cannot be used; names its source, its value and what is allowed."""


@dataclass(frozen=True)
class Address:
    """Where a StatsD server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """What `instrument` was told, with all sources taken into account."""

    statsd: Address = Address("127.0.0.1", 8125)
    prefix: str = "celery"
    layout: Layout = Layout.LEVELS
    builtin_tasks: bool = False


@dataclass(frozen=True)
class _Option:
    """A setting's rules; `parse` raises ValueError for what is not allowed."""

    parse: Callable[[object], object]
    allowed: str


def resolve(
    arguments: Mapping[str, object],
    conf: Mapping[str, object],
    environ: Mapping[str, str],
) -> Settings:
    """Return the settings; the first source that has a value for a key wins.

    Raises:
        SettingError: a value is not allowed.
    """
    chosen: dict[str, Any] = {}
    for name, option in _OPTIONS.items():
        for source, value in _sources(name, arguments, conf, environ):
            if value is not None:
                chosen[name] = _parsed(option, name, value, source)
                break
    return Settings(**chosen)


def _sources(
    name: str,
    arguments: Mapping[str, object],
    conf: Mapping[str, object],
    environ: Mapping[str, str],
) -> tuple[tuple[str, object], ...]:
    key = f"celeryscope_{name}"
    variable = key.upper()
    return (
        (f"the argument {name}", arguments.get(name)),
        (f"app.conf.{key}", conf.get(key)),
        (f"the environment variable {variable}", environ.get(variable)),
    )


def _parsed(option: _Option, name: str, value: object, source: str) -> object:
    try:
        return option.parse(value)
    except ValueError:
        message = f"celeryscope: {name} is {value!r} in {source}; allowed is {option.allowed}"
        raise SettingError(message) from None


def _address(value: object) -> Address:
    match = _ADDRESS.match(value) if isinstance(value, str) else None
    if match is None or not 0 < int(match["port"]) <= _MAX_PORT:
        raise ValueError(value)
    return Address(match["v6"] or match["host"], int(match["port"]))


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not valid_prefix(value):
        raise ValueError(value)
    return value


def _boolean(value: object) -> bool:
    known = _BOOLEANS.get(str(value).lower())
    if known is None:
        raise ValueError(value)
    return known


_OPTIONS = {
    "statsd": _Option(_address, "HOST:PORT, such as 127.0.0.1:8125 or [::1]:8125"),
    "prefix": _Option(_prefix, "nothing, or nodes of A-Z a-z 0-9 _ - joined by dots"),
    "layout": _Option(Layout, " or ".join(layout.value for layout in Layout)),
    "builtin_tasks": _Option(_boolean, "true or false"),
}
