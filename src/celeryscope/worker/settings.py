"""How the worker library is set up: argument, else `app.conf`, else environment, else default."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_type_hints

from celery.exceptions import ImproperlyConfigured

from celeryscope.naming import Layout, valid_prefix
from celeryscope.worker.address import USUAL_ADDRESS, Address, parse_address
from celeryscope.worker.names import NamesHook, names_hook
from celeryscope.worker.styles import Style

_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class SettingError(ImproperlyConfigured):
    """A setting that cannot be used; names its source, its value and what is allowed."""

    def __init__(self, problem: str, allowed: str) -> None:
        super().__init__(f"celeryscope: {problem}; allowed is {allowed}")
        self.problem = problem
        self.allowed = allowed


@dataclass(frozen=True)
class Option:
    """A setting's rules; `parse` raises ValueError for what is not allowed."""

    parse: Callable[[object], object]
    allowed: str
    help: str


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not valid_prefix(value):
        raise ValueError(value)
    return value


def _boolean(value: object) -> bool:
    known = _BOOLEANS.get(str(value).lower())
    if known is None:
        raise ValueError(value)
    return known


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and int(value) > 0:
        return int(value)
    raise ValueError(value)


def _words(kind: type[Enum]) -> str:
    *others, last = (member.value for member in kind)
    return f"{', '.join(others)} or {last}"


@dataclass(frozen=True)
class Settings:
    """What `instrument` was told, with all sources taken into account; the table of settings."""

    statsd: Annotated[
        Address,
        Option(
            parse_address,
            "HOST:PORT, such as 127.0.0.1:8125 or [::1]:8125, udp://HOST:PORT, tcp://HOST:PORT "
            "or unix:///PATH",
            "Where the StatsD server listens: by UDP, by TCP, or on a Unix datagram socket.",
        ),
    ] = USUAL_ADDRESS
    prefix: Annotated[
        str,
        Option(
            _prefix,
            "nothing, or nodes of A-Z a-z 0-9 _ - joined by dots",
            "The path before all names; may be empty.",
        ),
    ] = "celery"
    layout: Annotated[
        Layout,
        Option(Layout, _words(Layout), "How a task's name becomes nodes in the style `dotted`."),
    ] = Layout.LEVELS
    style: Annotated[
        Style,
        Option(
            Style,
            _words(Style),
            "Where names stand: in the path, or in tags as other collectors read them.",
        ),
    ] = Style.DOTTED
    names: Annotated[
        NamesHook | None,
        Option(
            names_hook,
            "a callable, or the path of one, such as proj.metrics:name",
            "Maps a task's name to the one it counts under, or to None to leave the task out.",
        ),
    ] = None
    max_names: Annotated[
        int,
        Option(
            _count,
            "a whole number above 0",
            "How many task names a process counts; all others count as `other`.",
        ),
    ] = 1000
    builtin_tasks: Annotated[
        bool,
        Option(
            _boolean,
            "true or false",
            "Also count Celery's own tasks, whose names start with `celery.`.",
        ),
    ] = False


OPTIONS: Mapping[str, Option] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Settings, include_extras=True).items()
}


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
    for name in OPTIONS:
        for source, value in _sources(name, arguments, conf, environ):
            if value is not None:
                chosen[name] = parsed(name, value, source)
                break
    return Settings(**chosen)


def parsed(name: str, value: object, source: str) -> object:
    """Return one setting's value.

    Raises:
        SettingError: it is not allowed.
    """
    option = OPTIONS[name]
    try:
        return option.parse(value)
    except ValueError:
        raise SettingError(f"{name} is {value!r} in {source}", option.allowed) from None


def variable_name(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"CELERYSCOPE_{name.upper()}"


def _sources(
    name: str,
    arguments: Mapping[str, object],
    conf: Mapping[str, object],
    environ: Mapping[str, str],
) -> tuple[tuple[str, object], ...]:
    key = f"celeryscope_{name}"
    variable = variable_name(name)
    return (
        (f"the argument {name}", arguments.get(name)),
        (f"app.conf.{key}", conf.get(key)),
        (f"the environment variable {variable}", environ.get(variable)),
    )
