"""Each flush as one line of JSON on standard output, for a person or a log collector to read.

{"start":1700000000.0,"seconds":10.0,"counters":{"a":2.0},"gauges":{},"sets":{},
 "timers":{"b":{"count":1.0,"samples":1,"sum":5.0,"min":5.0,"max":5.0,"mean":5.0,"p50":5.0,...}}}
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Protocol

import orjson

from celeryscope.flush import Flush
from celeryscope.outputs.handover import HandOver
from celeryscope.outputs.tally import Tally
from celeryscope.sketch import Distribution
from celeryscope.timerset import TimerSet

_LOGGER = logging.getLogger(__name__)
PERCENTS = (50, 90, 95, 99)
MAX_WAITING = 60


class _Stream(Protocol):
    def fileno(self) -> int: ...


class Console:
    """Writes to an open stream's file, past the stream's own buffer; closed, it counts drops.

    `sent` and `dropped` are in points: one for each series of a flush.
    """

    def __init__(self, stream: _Stream, max_waiting: int = MAX_WAITING) -> None:
        self._file = stream.fileno()
        self._tally = Tally("console")
        self._queue = HandOver("console", self._tell_all, max_waiting)
        self._failing = False

    def start(self) -> None:
        self._queue.start()

    def put(self, flush: Flush) -> None:
        if not self._queue.put([flush.summary()]):
            self._tally.count(dropped=flush.series)

    def stop(self) -> None:
        self._queue.stop()

    def counters(self) -> Mapping[str, int]:
        return self._tally.take()

    def gauges(self) -> Mapping[str, float]:
        return {"outputs.console.queue": float(len(self._queue))}

    def _tell_all(self, flushes: Sequence[Flush]) -> None:
        for flush in flushes:
            self._tell(flush)

    def _tell(self, flush: Flush) -> None:
        try:
            self._write(line(flush))
        except OSError as error:
            self._failed(error)
            self._tally.count(dropped=flush.series)
        else:
            self._failing = False
            self._tally.count(sent=flush.series)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._file, data) :]

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            _LOGGER.error("flushes cannot be written to standard output: %s", error)
        self._failing = True


def line(flush: Flush) -> bytes:
    """Return a flush as a line of JSON; percentiles of timers are within 1 %."""
    told = {
        "start": flush.start,
        "seconds": flush.seconds,
        "counters": dict(flush.counters),
        "gauges": dict(flush.gauges),
        "sets": dict(flush.sets),
        "timers": _timers(flush.timers),
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS)


def _timers(timers: Mapping[str, Distribution]) -> dict[str, dict[str, float]]:
    side_by_side = TimerSet.of(timers)
    cells = side_by_side.cells
    columns = {
        "count": cells.count,
        "samples": cells.samples,
        "sum": cells.sum,
        "min": cells.min,
        "max": cells.max,
        "mean": cells.mean(),
        **{f"p{percent}": cells.percentile(percent) for percent in PERCENTS},
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {
        name: dict(zip(columns, row, strict=True))
        for name, row in zip(side_by_side, rows, strict=True)
    }
