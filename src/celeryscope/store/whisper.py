"""Reading Whisper files, a tree of which is what Carbon keeps."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
import whisper  # an extra: only importing needs it
from numpy.typing import NDArray

from celeryscope.sketch import Floats
from celeryscope.store.protocol import Points

T = TypeVar("T")

_TAGGED = "_tagged"
_DOT = "_DOT_"
_BATCH_POINTS = 500_000


@dataclass(frozen=True, slots=True)
class WhisperFile:
    """One series' file below a tree's root."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        """The series' name: its path, or for a series with tags its file's name."""
        *folders, last = self.path.relative_to(self.root).with_suffix("").parts
        return last.replace(_DOT, ".") if folders[:1] == [_TAGGED] else ".".join((*folders, last))

    def method(self) -> str:
        """Return how the file merges finer points into coarser ones.

        Raises:
            ValueError: It is not a Whisper file, or is cut short.
        """
        found = _read(self.path, lambda: whisper.info(str(self.path))["aggregationMethod"])
        return str(found)

    def points(self, now: float) -> Points:
        """Return what the file has, each time from the finest of its archives that covers it.

        Raises:
            ValueError: It is not a Whisper file, or is cut short.
        """
        parts = _read(self.path, lambda: list(self._archives(int(now))))
        timestamps, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Points([self.name] * timestamps.size, timestamps, values)

    def _archives(self, now: int) -> Iterator[tuple[NDArray[np.int64], Floats]]:
        boundary = 2 * now
        for archive in whisper.info(str(self.path))["archives"]:
            step, oldest = archive["secondsPerPoint"], now - archive["retention"]
            (start, end, _), found = whisper.fetch(str(self.path), oldest, now, now, step)
            timestamps = np.arange(start, end, step, dtype=np.int64)
            values = np.array(found, dtype=np.float64)
            # A coarse step that a finer archive has begun to cover would count twice.
            known = ~np.isnan(values) & (timestamps + step <= boundary)
            yield timestamps[known], values[known]
            boundary = start


@dataclass(frozen=True, slots=True)
class Batch:
    """Points of some files, the last of which is the `files`-th `of` all.

    `methods` says by series how its file merges.
    """

    points: Points
    methods: Mapping[str, str]
    files: int
    of: int


def batches(root: Path, now: float, left_out: Callable[[str], None]) -> Iterator[Batch]:
    """Yield what the files below a folder have; `left_out` is told of those that are broken."""
    paths = sorted(root.rglob("*.wsp"))
    waiting: list[Points] = []
    methods: dict[str, str] = {}
    for number, path in enumerate(paths, 1):
        try:
            file = WhisperFile(root, path)
            waiting.append(file.points(now))
            methods[file.name] = file.method()
        except ValueError as error:
            left_out(str(error))
        if sum(len(part.names) for part in waiting) >= _BATCH_POINTS or number == len(paths):
            yield Batch(_joined(waiting), methods, number, len(paths))
            waiting, methods = [], {}


def _read(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except (whisper.WhisperException, struct.error, OSError, TypeError) as error:
        raise ValueError(f"{path} is no whole Whisper file: {error}") from error


def _joined(parts: Sequence[Points]) -> Points:
    return Points(
        list(chain.from_iterable(part.names for part in parts)),
        np.concatenate([np.empty(0, np.int64), *(part.timestamps for part in parts)]),
        np.concatenate([np.empty(0), *(part.values for part in parts)]),
    )
