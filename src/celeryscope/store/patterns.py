"""What names decide: which tiers keep a series, and how plain series are rolled up.

Both are read from files as Carbon has them, storage-schemas.conf and storage-aggregation.conf. The
first pattern that is found in a series' path wins; a series that came by StatsD has the path that
Graphite shows, as in `stats.timers.celery.task.a.runtime`.
"""

import re
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ParserError
from dataclasses import dataclass

from celeryscope.metrics import Kind
from celeryscope.store.tiers import Tier, checked, parse_duration

DEFAULT = ""
"""The name of the schema of all series that no pattern matches."""

METHODS = ("average", "sum", "min", "max", "last", "avg_zero", "absmax", "absmin")
_SPELLED = {"avg": "average"}
_LENGTH = re.compile(r"(\d+)\s*([a-z]*)\Z")
_UNITS = ("seconds", "minutes", "hours", "days", "weeks", "years")


@dataclass(frozen=True, slots=True)
class Schema:
    """The tiers of the series whose path has `pattern` in it."""

    name: str
    pattern: re.Pattern[str]
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How plain series whose path has `pattern` in it are rolled up.

    A step is known when at least the part `known` of its finer steps is, Whisper's xFilesFactor.
    """

    name: str
    pattern: re.Pattern[str]
    method: str = "average"
    known: float = 0.0


UNMATCHED = Aggregation(DEFAULT, re.compile(""))


def path_of(kind: Kind, name: str) -> str:
    return name if kind is Kind.PLAIN else f"stats.{kind.value}.{name}"


def schema_of(schemas: Sequence[Schema], path: str) -> str:
    """Return the name of the schema that a path falls under."""
    return next((one.name for one in schemas if one.pattern.search(path)), DEFAULT)


def aggregation_of(aggregations: Sequence[Aggregation], path: str) -> Aggregation:
    return next((one for one in aggregations if one.pattern.search(path)), UNMATCHED)


def parse_schemas(text: str) -> tuple[Schema, ...]:
    """Return the schemas of a storage-schemas.conf, in their order.

    Raises:
        ValueError: It does not parse; the message names the section and what is allowed.
    """
    return tuple(
        Schema(name, _pattern(name, values), _tiers(name, values.get("retentions", "")))
        for name, values in _sections(text)
    )


def parse_aggregations(text: str) -> tuple[Aggregation, ...]:
    """Return the rules of a storage-aggregation.conf, in their order.

    Raises:
        ValueError: It does not parse; the message names the section and what is allowed.
    """
    return tuple(
        Aggregation(name, _pattern(name, values), _method(name, values), _known(name, values))
        for name, values in _sections(text)
    )


def _sections(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except ParserError as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    for name in parser.sections():
        yield name, dict(parser[name])


def _pattern(name: str, values: dict[str, str]) -> re.Pattern[str]:
    if not values.get("pattern"):
        raise ValueError(f"[{name}] has no pattern; allowed is a regular expression")
    try:
        return re.compile(values["pattern"])
    except re.error as error:
        raise ValueError(f"[{name}] pattern = {values['pattern']!r}: {error}") from error


def _tiers(name: str, text: str) -> tuple[Tier, ...]:
    try:
        return checked(_tier(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"[{name}] retentions = {text!r}: {error}") from error


def _tier(part: str) -> Tier:
    step, _, length = (word.strip() for word in part.partition(":"))
    seconds = _seconds(step)
    return Tier(seconds, int(length) * seconds if length.isdigit() else _seconds(length))


def _seconds(text: str) -> int:
    """Return a length as Carbon writes it: a number of seconds, or with a unit's name or part."""
    match = _LENGTH.match(text)
    unit = match and next((unit for unit in _UNITS if unit.startswith(match[2])), None)
    if match is None or unit is None:
        raise ValueError(f"{text!r} is not a length of time; allowed are 60, 60s, 1min, 2h, 3d")
    return parse_duration(f"{match[1]}{unit[0]}")


def _method(name: str, values: dict[str, str]) -> str:
    method = values.get("aggregationmethod", UNMATCHED.method)
    method = _SPELLED.get(method, method)
    if method not in METHODS:
        raise ValueError(
            f"[{name}] aggregationMethod = {method!r}; allowed are {', '.join(METHODS)}"
        )
    return method


def _known(name: str, values: dict[str, str]) -> float:
    text = values.get("xfilesfactor", "0")
    try:
        known = float(text)
    except ValueError:
        known = -1.0
    if not 0 <= known <= 1:
        raise ValueError(f"[{name}] xFilesFactor = {text!r}; allowed is a number from 0 to 1")
    return known
