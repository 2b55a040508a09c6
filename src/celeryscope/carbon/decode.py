r"""Points from Carbon's two forms, all at once where they are as usual, else one by one.

    line    = path value timestamp              white space between and around them
    message = [(path, (timestamp, value)), ...] pickled; each is a text or a number

The timestamp is Unix time; what it has of a second is left out, and -1 is now. A point may be as
old as 1970, and a day ahead, as that of a clock that is off by its time zone.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isnan, trunc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from celeryscope.carbon.columns import columns, tidied
from celeryscope.carbon.numbers import Numbers, are_usual, number
from celeryscope.carbon.paths import NewPathError, Paths
from celeryscope.carbon.points import joined
from celeryscope.carbon.refusals import Reason, Refusals
from celeryscope.carbon.unpickle import NotPointsError, unpickled
from celeryscope.store.protocol import Points

MAX_AHEAD = 86_400
"""How many seconds ahead of now a point may be."""

_NOW = -1
_SHORT = 500  # so many bytes of lines are read faster one by one
_PIECE = 64  # so many are read one by one, at most, for an unusual one among them
_SHOWN = 100

_Raw = tuple[object, object, object, object]
"""A path, a timestamp and a value as they came, and what they came in."""
_Read = tuple[str, int, float]


class Decoder:
    """Reads points and refuses what is none; one thread calls it.

    `admit` is asked about each path, as it is kept, that it does not remember.
    """

    def __init__(
        self,
        refusals: Refusals,
        clock: Callable[[], float] = time.time,
        admit: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._refusals = refusals
        self._clock = clock
        self._paths = Paths(admit)

    def lines(self, text: bytes, sender: str) -> Points:
        """Read lines with newlines between them; blank ones are skipped."""
        return self._usual_lines(text + b"\n") or joined(
            [self._few_lines(few, sender) for few in _pieces(text)]
        )

    def message(self, payload: bytes, sender: str) -> Points:
        """Read a pickled message."""
        try:
            entries = unpickled(payload)
        except NotPointsError:
            self._refusals.add(payload, Reason.PICKLE, sender)
            entries = []
        return self._usual_entries(entries) or self._one_by_one(
            self._points_of(entries, sender), sender
        )

    def _few_lines(self, text: bytes, sender: str) -> Points:
        return self._usual_lines(tidied(text)) or self._one_by_one(
            self._lines_of(text, sender), sender
        )

    def _usual_lines(self, text: bytes) -> Points | None:
        """Read lines that end with a newline each."""
        found = columns(text) if len(text) > _SHORT else None
        return None if found is None else self._usual(found.paths, found.timestamps, found.values)

    def _usual_entries(self, entries: Sequence[object]) -> Points | None:
        if not _are_pairs(entries):
            return None
        paths, points = zip(*entries, strict=True)
        if not _are_pairs(points) or not _all_of(paths, {str, bytes}):
            return None
        timestamps, values = zip(*points, strict=True)
        return self._usual(paths, _as_numbers(timestamps), _as_numbers(values))

    def _usual(
        self, paths: Sequence[bytes | str], timestamps: Numbers | None, values: Numbers | None
    ) -> Points | None:
        seconds = None if timestamps is None else self._seconds(timestamps)
        if seconds is None or values is None:
            return None
        try:
            return Points([*map(self._paths.__getitem__, paths)], seconds, values)
        except ValueError:
            return None

    def _seconds(self, timestamps: Numbers) -> NDArray[np.int64] | None:
        now = self._clock()
        seconds = np.trunc(timestamps)
        seconds[seconds == _NOW] = trunc(now)
        if seconds.min() < 1 or seconds.max() > now + MAX_AHEAD:
            return None
        return seconds.astype(np.int64)

    def _lines_of(self, text: bytes, sender: str) -> Iterator[_Raw]:
        for line in text.split(b"\n"):
            match line.split():
                case []:
                    continue
                case [path, value, timestamp]:
                    yield path, timestamp, value, line
                case _:
                    self._refusals.add(line, Reason.FORMAT, sender)

    def _points_of(self, entries: Sequence[object], sender: str) -> Iterator[_Raw]:
        for entry in entries:
            match entry:
                case [path, [timestamp, value]]:
                    yield path, timestamp, value, (path, value, timestamp)
                case _:
                    self._refusals.add(_shown(entry), Reason.FORMAT, sender)

    def _one_by_one(self, points: Iterable[_Raw], sender: str) -> Points:
        read: list[_Read] = []
        for path, timestamp, value, line in points:
            found = self._read_or_refuse(path, timestamp, value)
            if isinstance(found, Reason):
                self._refusals.add(_shown(line), found, sender)
            else:
                read.append(found)
        names, timestamps, values = zip(*read, strict=True) if read else ((), (), ())
        return Points([*names], np.array(timestamps, np.int64), np.array(values, np.float64))

    def _read_or_refuse(self, path: object, timestamp: object, value: object) -> _Read | Reason:
        try:
            return self._read(path, timestamp, value)
        except _RefusedError as refused:
            return refused.reason

    def _read(self, path: object, timestamp: object, value: object) -> _Read:
        """Return a single point.

        Raises:
            _RefusedError: It is none.
        """
        measured = _number(value, Reason.VALUE)
        if isnan(measured):
            raise _RefusedError(Reason.NAN)
        at = _number(timestamp, Reason.TIME)
        now = self._clock()
        second = trunc(now if isnan(at) or trunc(at) == _NOW else at)
        if isnan(at) or not 1 <= second <= now + MAX_AHEAD:
            raise _RefusedError(Reason.TIME)
        # Last, so that no bad line takes a good one's place among the new paths.
        return self._name(path), second, measured

    def _name(self, path: object) -> str:
        if not isinstance(path, str | bytes):
            raise _RefusedError(Reason.NAME)
        try:
            return self._paths[path]
        except NewPathError as error:
            raise _RefusedError(Reason.NEW) from error
        except ValueError as error:
            raise _RefusedError(Reason.NAME) from error


class _RefusedError(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def _pieces(text: bytes) -> Iterator[bytes]:
    lines = text.split(b"\n")
    for first in range(0, len(lines), _PIECE):
        yield b"\n".join(lines[first : first + _PIECE])


def _number(given: object, reason: Reason) -> float:
    try:
        return number(given)
    except ValueError as error:
        raise _RefusedError(reason) from error


def _are_pairs(entries: Sequence[Any]) -> bool:
    return bool(entries) and _all_of(entries, {list, tuple}) and set(map(len, entries)) == {2}


def _all_of(values: Iterable[object], types: set[type]) -> bool:
    return set(map(type, values)) <= types


def _as_numbers(values: Sequence[Any]) -> Numbers | None:
    if not _all_of(values, {int, float}):
        return None
    try:
        found = np.array(values, dtype=np.float64)
    except OverflowError:
        return None
    return found if are_usual(found) else None


def _shown(line: object) -> bytes:
    """Return what was refused; of what may be nested without end only what is known to be short."""
    match line:
        case bytes():
            return line
        case [path, value, timestamp]:
            return b" ".join(map(_word, (path, value, timestamp)))
        case _:
            return _word(line)


def _word(part: object) -> bytes:
    match part:
        case bytes():
            return part[:_SHOWN]
        case str():
            return part[:_SHOWN].encode("utf-8", "backslashreplace")
        case int() | float():
            return b"%a" % part
        case _:
            return type(part).__name__.encode()
