"""The commands of node statsd's admin port, and what they answer."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import orjson

from celeryscope.flush import Flush
from celeryscope.metrics import OWN, Kind
from celeryscope.totals import Totals

_HELP = (
    "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, health, config,"
    " quit\nAlso: badlines\n\n"
)
_END = "END\n\n"
_ERROR = "ERROR\n"
_HEALTH = ("up", "down")
# As many as node shows: one busy timer must not make an answer of hundreds of megabytes.
_MAX_SHOWN = 100
_MAX_NAMES = 100
# Whoever lets a lock go and takes it again at once leaves no one else the time to.
_TURN_SECONDS = 0.001
_LARGEST_WHOLE = 2**53


class BadLine(Protocol):
    """A line that was refused."""

    @property
    def line(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def sender(self) -> str: ...


class Interval(Protocol):
    """The interval under way."""

    def counters(self) -> Mapping[str, float]: ...

    def gauges(self) -> Mapping[str, float]: ...

    def timers(self) -> Mapping[str, list[float]]: ...

    def bad_lines(self) -> Iterable[BadLine]: ...

    def forget(self, kind: Kind, pattern: str) -> list[str]:
        """Drop the series of this name, or all under `prefix.*`; return those dropped."""


class Source(Protocol):
    """Whoever fills the interval."""

    def paused(self) -> AbstractContextManager[Interval]:
        """Give the interval while nothing is added to it."""


class Admin:
    """Answers a line as node does, JSON standing for JavaScript; it is handed each flush.

    `config` are the settings in force, without secrets.
    """

    def __init__(
        self, source: Source, config: Mapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._source = source
        self._config = config
        self._clock = clock
        self._began = clock()
        self._totals = Totals(last_message=self._began)
        self._health = _HEALTH[0]
        self._commands: dict[str, Callable[[list[str]], str]] = {
            "help": lambda _: _HELP,
            "stats": self._tell_stats,
            "counters": self._counters,
            "timers": self._timers,
            "gauges": self._gauges,
            "delcounters": lambda names: self._forget(Kind.COUNTER, names),
            "deltimers": lambda names: self._forget(Kind.TIMER, names),
            "delgauges": lambda names: self._forget(Kind.GAUGE, names),
            "health": self._tell_health,
            "config": self._tell_config,
            "badlines": self._bad_lines,
        }

    def put(self, flush: Flush) -> None:
        """Take what the server says of itself into `stats`."""
        self._totals = self._totals.plus(flush.counters, self._clock(), flush.gauges)

    def answer(self, line: str) -> bytes | None:
        """Return what a command answers; None where the connection is to end."""
        name, *words = line.split()
        # A page in a browser can make it send lines to a port of its own machine.
        if name == "quit" or line.endswith(("HTTP/1.0", "HTTP/1.1")):
            return None
        command = self._commands.get(name)
        return (command(words) if command else _ERROR).encode()

    def _counters(self, _words: list[str]) -> str:
        with self._source.paused() as interval:
            counters = interval.counters()
        return _shown({name: _number(value) for name, value in counters.items()})

    def _gauges(self, _words: list[str]) -> str:
        with self._source.paused() as interval:
            gauges = interval.gauges()
        return _shown({name: _number(value) for name, value in gauges.items()})

    def _timers(self, _words: list[str]) -> str:
        with self._source.paused() as interval:
            timers = interval.timers()
        return _shown({name: _first(values) for name, values in timers.items()})

    def _bad_lines(self, _words: list[str]) -> str:
        with self._source.paused() as interval:
            bad = list(interval.bad_lines())
        return _shown(
            [{"line": one.line, "reason": one.reason, "sender": one.sender} for one in bad]
        )

    def _forget(self, kind: Kind, names: list[str]) -> str:
        if len(names) > _MAX_NAMES:
            return _ERROR
        told = []
        for name in names:
            with self._source.paused() as interval:
                told.append(_told(name, interval.forget(kind, name)))
            time.sleep(_TURN_SECONDS)
        return "".join(told) + _END

    def _tell_stats(self, _words: list[str]) -> str:
        now = self._clock()
        with self._source.paused() as interval:
            totals = self._totals.plus(interval.counters(), now)
        values = {
            "uptime": round(now - self._began),
            "messages.last_msg_seen": round(now - totals.last_message),
            "messages.bad_lines_seen": totals.bad_lines,
            **{f"{OWN}{name}": value for name, value in (totals.counters | totals.gauges).items()},
        }
        return _lines({name: f"{_number(value)}" for name, value in values.items()}) + _END

    def _tell_health(self, words: list[str]) -> str:
        wanted = words[0].lower() if words else ""
        if wanted in _HEALTH:
            self._health = wanted
        return _lines({"health": self._health})

    def _tell_config(self, _words: list[str]) -> str:
        return "\n" + _lines(self._config)


def _shown(value: object) -> str:
    return f"{orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()}\n{_END}"


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in values.items())


def _told(name: str, forgotten: list[str]) -> str:
    if not forgotten:
        return f"metric {name} not found\n"
    return "".join(f"deleted: {one}\n" for one in forgotten)


def _first(values: list[float]) -> list[float | str]:
    """Return the values, or the first of many and how many more there are, as node does."""
    shown: list[float | str] = [_number(value) for value in values[:_MAX_SHOWN]]
    more = len(values) - _MAX_SHOWN
    return [*shown, f"... {more} more items"] if more > 0 else shown


def _number(value: float) -> float:
    """Return whole numbers as JavaScript writes them, without a fraction."""
    return int(value) if abs(value) < _LARGEST_WHOLE and value == int(value) else value
