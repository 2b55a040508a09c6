"""The last flush of a server, for the next one to go on with if it was cut short.

Carbon keeps the last of several points for one time. So when a server ends and another begins
within one interval, the flush of the second has to hold what the first one's did.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from celeryscope.flush import Flush
from celeryscope.sketch import Distribution

_LOGGER = logging.getLogger(__name__)
_TYPES = {"buckets": np.int16, "counts": np.int64, "values": np.float64}


class Unfinished:
    """Keeps a flush in a file beyond the end of the process."""

    def __init__(self, path: Path) -> None:
        """Read what the process before left; a file that cannot be read counts as none."""
        self._path = path
        self._earlier = _read(path)

    def whole(self, flush: Flush) -> Flush:
        """Return a flush with what the process before had of the same interval."""
        earlier = self._earlier
        return _joined(earlier, flush) if earlier and earlier.start == flush.start else flush

    def save(self, flush: Flush) -> None:
        """Leave a flush for the next process, in the place of what was there."""
        told = {
            "start": flush.start,
            "seconds": flush.seconds,
            "counters": dict(flush.counters),
            "sets": dict(flush.sets),
            "timers": dict(flush.timers),
        }
        new = self._path.with_suffix(".new")
        try:
            new.write_bytes(orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY))
            new.replace(self._path)
        except OSError as error:
            _LOGGER.warning("the last flush is not left for the next start: %s", error)


def _read(path: Path) -> Flush | None:
    try:
        told = orjson.loads(path.read_bytes())
        timers = {name: _timer(fields) for name, fields in told.pop("timers").items()}
        return Flush(**told, timers=timers)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        _LOGGER.warning("%s cannot be read, and is left out: %s", path, error)
        return None


def _timer(fields: Mapping[str, Any]) -> Distribution:
    arrays: dict[str, Any] = {
        name: np.array(fields[name], of) for name, of in _TYPES.items() if fields[name] is not None
    }
    return Distribution(**{**fields, **arrays})


def _joined(earlier: Flush, later: Flush) -> Flush:
    """Return two parts of one interval as one; gauges are those of the later."""
    timers = dict(later.timers)
    for name, timer in earlier.timers.items():
        timers[name] = _both(timer, timers[name]) if name in timers else timer
    counters = Counter(earlier.counters)
    counters.update(later.counters)
    return Flush(
        start=later.start,
        seconds=earlier.seconds + later.seconds,
        counters=counters,
        gauges=later.gauges,
        # Whether the members are the same nobody knows any more.
        sets={**earlier.sets, **{n: max(v, earlier.sets.get(n, 0)) for n, v in later.sets.items()}},
        timers=timers,
    )


def _both(one: Distribution, other: Distribution) -> Distribution:
    if one.values is None or other.values is None:
        return Distribution.merge([one, other])
    return Distribution.of(np.concatenate([one.values, other.values]), one.count + other.count)
