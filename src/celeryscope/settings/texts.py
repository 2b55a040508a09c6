"""How single settings are written: each form is read from a text and shown as one.

A reader raises ValueError that says what is allowed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BeforeValidator

from celeryscope.address import Address, Endpoint
from celeryscope.carbon.target import Target
from celeryscope.metrics import STATSD_KINDS, Kind
from celeryscope.naming import Layout, valid_prefix
from celeryscope.settings.values import RuleFile
from celeryscope.store.patterns import parse_aggregations, parse_schemas
from celeryscope.store.tiers import Tier, format_duration, parse_duration, parse_retentions

T = TypeVar("T")

OFF = "off"
_NEVER = "never"
_ALL, _NONE = "all", "none"
_TRUE = ("yes", "true", "on", "1")
_FALSE = ("no", "false", "off", "0")
_MILLISECONDS = re.compile(r"(\d{1,9})\s*ms\Z")
_SHORTEST_MS = 100
_SIZE = re.compile(r"(\d{1,6})\s*(kB|MB|GB)\Z")
_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_COUNT = re.compile(r"[0-9]{1,9}\Z")
_THRESHOLD = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?\Z")
_BOUND = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?\Z")
_NODES = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*\Z")
_STATISTIC = re.compile(
    r"((count|mean|lower|upper|sum|sum_squares)(_percent)?|count_ps|median|std|histogram)\Z"
)
_WHOLE = 100

Histogram = tuple[str, tuple[float, ...]]
"""The part of a timer's name that it is for, and its bins' upper bounds, ascending, or none."""


@dataclass(frozen=True, slots=True)
class Form(BeforeValidator):
    """A way to write a setting: `func` reads a text, `show` writes a value."""

    show: Callable[[Any], str] = str


def form(read: Callable[[str], T], show: Callable[[T], str] = str) -> Form:
    """Return the form of values that `read` makes of texts; other values pass as they are."""
    return Form(lambda value: read(value) if isinstance(value, str) else value, show=show)


def _folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("allowed is the path of a folder")
    return Path(text)


def _prefix(text: str) -> str:
    if not valid_prefix(text):
        raise ValueError("allowed are letters, digits, '_' and '-', with dots between")
    return text


def _nodes(text: str) -> str:
    if text and not _NODES.match(text):
        raise ValueError("allowed are letters, digits, '_' and '-', with dots between, or nothing")
    return text


def _layout(text: str) -> Layout:
    try:
        return Layout(text)
    except ValueError as error:
        raise ValueError(f"allowed is {' or '.join(layout.value for layout in Layout)}") from error


def _thresholds(text: str) -> tuple[float, ...]:
    texts = _parts(text) if text else []
    percentiles = tuple(float(part) for part in texts if _THRESHOLD.match(part))
    if len(percentiles) < len(texts) or not all(0 < abs(one) <= _WHOLE for one in percentiles):
        raise ValueError(
            "allowed are numbers from -100 to 100 but 0, of three decimals at most, "
            "with commas between, or nothing"
        )
    return percentiles


def _bounds(text: str) -> tuple[float, ...]:
    texts = _parts(text)
    bounds = tuple(float(part) for part in texts if _BOUND.match(part))
    if len(bounds) < len(texts) or list(bounds) != sorted(set(bounds)) or not all(bounds):
        raise ValueError("allowed are ascending numbers above 0, with commas between")
    return bounds


def _histograms(text: str) -> tuple[Histogram, ...]:
    return tuple(_histogram(part.strip()) for part in text.split(";") if part.strip())


def _histogram(text: str) -> Histogram:
    part, colon, bins = text.rpartition(":")
    if colon and not bins:
        return part, ()
    texts = _parts(bins)
    finite = texts[:-1] if texts[-1] == "inf" else texts
    allowed = "allowed is PART:BIN,BIN,... with ';' between, as in runtime:10,100,inf;:1,5,inf"
    if not colon or not finite:
        raise ValueError(allowed)
    try:
        bounds = _bounds(",".join(finite))
    except ValueError as error:
        raise ValueError(f"{allowed}; bins ascend") from error
    return part, bounds + tuple(map(float, texts[len(finite) :]))


def _show_histogram(histogram: Histogram) -> str:
    part, bins = histogram
    return f"{part}:{','.join(map(_number, bins))}"


def _statistics(text: str) -> tuple[str, ...]:
    names = tuple(_parts(text)) if text else ()
    if not all(map(_STATISTIC.match, names)):
        raise ValueError(
            "allowed are count, count_ps, lower, upper, sum, sum_squares, mean, median, std, "
            "histogram, and those of thresholds, as in upper_percent, with commas between"
        )
    return names


def _kinds(text: str) -> frozenset[Kind]:
    name_to_kind = {kind.value: kind for kind in STATSD_KINDS}
    names = {_ALL: list(name_to_kind), _NONE: []}.get(text, _parts(text))
    try:
        return frozenset(name_to_kind[name] for name in names)
    except KeyError as error:
        known = ", ".join(name_to_kind)
        raise ValueError(
            f"allowed is {_NONE}, {_ALL}, or some of {known} with commas between"
        ) from error


def _show_kinds(kinds: frozenset[Kind]) -> str:
    if not kinds:
        return _NONE
    return (
        _ALL
        if kinds == set(STATSD_KINDS)
        else ",".join(kind.value for kind in STATSD_KINDS if kind in kinds)
    )


def _switch(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError("allowed is yes or no")
    return text.lower() in _TRUE


def _show_switch(value: bool) -> str:  # noqa: FBT001 -- the value that is shown
    return _TRUE[0] if value else _FALSE[0]


def _count(text: str) -> int:
    if not _COUNT.match(text) or not int(text):
        raise ValueError("allowed is a whole number from 1 to 999999999")
    return int(text)


def _size(text: str) -> int:
    match = _SIZE.match(text.strip())
    if match is None or not int(match[1]):
        raise ValueError("allowed is a whole number with a unit: kB, MB or GB, as in 64MB")
    return int(match[1]) * _SIZES[match[2]]


def _show_size(size: int) -> str:
    unit = next(unit for unit in reversed(_SIZES) if size % _SIZES[unit] == 0)
    return f"{size // _SIZES[unit]}{unit}"


def _interval(text: str) -> float:
    match = _MILLISECONDS.match(text.strip())
    if match is None:
        return parse_duration(text)
    if int(match[1]) < _SHORTEST_MS:
        raise ValueError(f"{text!r} is too short; allowed is {_SHORTEST_MS}ms or more")
    return int(match[1]) / 1000


def _show_interval(seconds: float) -> str:
    whole = seconds == int(seconds)
    return format_duration(int(seconds)) if whole else f"{round(seconds * 1000)}ms"


def _lifetime(text: str) -> int | None:
    return None if text == _NEVER else parse_duration(text)


def _show_lifetime(seconds: int | None) -> str:
    return _NEVER if seconds is None else format_duration(seconds)


def _loopback(text: str) -> Address | None:
    if text == OFF:
        return None
    address = Address.parse(text)
    if not address.is_loopback:
        raise ValueError(f"allowed is a loopback address, as in 127.0.0.1:8126, or {OFF}")
    return address


def _endpoints(text: str) -> tuple[Endpoint, ...]:
    return tuple(map(Endpoint.parse, _parts(text)))


def _addresses(text: str) -> tuple[Address, ...]:
    return _different(tuple(map(Address.parse, _parts(text)))) if text else ()


def _carbons(text: str) -> tuple[Target, ...]:
    targets = tuple(map(Target.parse, _parts(text))) if text else ()
    _different(tuple(target.address for target in targets))
    return targets


def _different(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    if len(set(addresses)) < len(addresses):
        raise ValueError("allowed is each address once")
    return addresses


def _rule_file(parse: Callable[[str], tuple[T, ...]], text: str) -> RuleFile[T]:
    if not text:
        return RuleFile()
    try:
        return RuleFile(text, parse(Path(text).read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{error.strerror}; allowed is a file as Carbon has it") from error


def _optional_address(text: str) -> Address | None:
    return None if text == OFF else Address.parse(text)


def _show_optional(value: Address | None) -> str:
    return OFF if value is None else str(value)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _number(value: float) -> str:
    return f"{value:g}"


def _show_tier(tier: Tier) -> str:
    return f"{format_duration(tier.step)}:{format_duration(tier.retention)}"


def _joined(show: Callable[[T], str], separator: str = ",") -> Callable[[tuple[T, ...]], str]:
    return lambda values: separator.join(map(show, values))


ADDRESS = form(Address.parse)
AGGREGATIONS = form(partial(_rule_file, parse_aggregations))
ADDRESSES = form(_addresses, _joined(str))
BOUNDS = form(_bounds, _joined(_number))
CARBONS = form(_carbons, _joined(str))
COUNT = form(_count)
ENDPOINTS = form(_endpoints, _joined(str))
FOLDER = form(_folder)
HISTOGRAMS = form(_histograms, _joined(_show_histogram, ";"))
INTERVAL = form(_interval, _show_interval)
KINDS = form(_kinds, _show_kinds)
LAYOUT = form(_layout, lambda layout: layout.value)
LIFETIME = form(_lifetime, _show_lifetime)
LOOPBACK = form(_loopback, _show_optional)
NODES = form(_nodes)
OPTIONAL_ADDRESS = form(_optional_address, _show_optional)
PREFIX = form(_prefix)
RETENTIONS = form(parse_retentions, _joined(_show_tier))
SCHEMAS = form(partial(_rule_file, parse_schemas))
SIZE = form(_size, _show_size)
STATISTICS = form(_statistics, _joined(str))
SWITCH = form(_switch, _show_switch)
THRESHOLDS = form(_thresholds, _joined(_number))
