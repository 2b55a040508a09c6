"""The outputs that settings ask for, as one."""

import logging
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from celeryscope.flush import Flush
from celeryscope.namespace import Naming
from celeryscope.outputs.carbon import CarbonOutput
from celeryscope.outputs.console import Console
from celeryscope.outputs.output import Output
from celeryscope.outputs.points import Points
from celeryscope.outputs.prometheus.exposition import Prometheus
from celeryscope.outputs.repeater import Repeater
from celeryscope.outputs.unfinished import Unfinished
from celeryscope.settings import Settings
from celeryscope.timers import TimerStatistics

_LOGGER = logging.getLogger(__name__)
_LAST_FLUSH = "last-flush.json"


class Outputs:
    """Hands each flush to every output."""

    def __init__(self, settings: Settings) -> None:
        _warn_of_shared_paths(naming_of(settings))
        self.prometheus = _prometheus(settings)
        self._repeaters = [Repeater(address) for address in settings.repeater]
        self._of_flushes: list[Output] = []
        if self.prometheus:
            self._of_flushes.append(self.prometheus)
        if settings.carbon:
            self._of_flushes.append(_carbon(settings))
        if settings.console:
            self._of_flushes.append(Console(sys.stdout))
        self.targets = [f"carbon {target}" for target in settings.carbon]
        self.targets += [f"repeater {address}" for address in settings.repeater]

    def start(self) -> None:
        for output in self._all():
            output.start()

    def put(self, flush: Flush) -> None:
        for output in self._of_flushes:
            _put_and_live(output, flush)

    def put_datagrams(self, datagrams: Sequence[bytes]) -> None:
        """Hand on what was received, as it came."""
        for repeater in self._repeaters:
            repeater.put_datagrams(datagrams)

    def stop(self) -> None:
        for output in self._all():
            output.stop()

    def counters(self) -> Mapping[str, int]:
        return {name: n for output in self._all() for name, n in output.counters().items()}

    def gauges(self) -> Mapping[str, float]:
        return {name: value for output in self._all() for name, value in output.gauges().items()}

    def _all(self) -> list[Output | Repeater]:
        return [*self._of_flushes, *self._repeaters]


def _put_and_live(output: Output, flush: Flush) -> None:
    try:
        output.put(flush)
    except Exception:
        _LOGGER.exception("an output failed in an unknown way; its flush is lost")


def _warn_of_shared_paths(naming: Naming) -> None:
    """Say which kinds of series have one place, where those of one name share paths."""
    kinds_by_head = defaultdict(set)
    for view in naming.views():
        kinds_by_head[view.head].add(view.kind)
    for head, kinds in kinds_by_head.items():
        if len(kinds) > 1:
            _LOGGER.warning(
                "%s all stand under %r, so those of one name share paths, such as NAME.count; "
                "different prefixes keep them apart",
                ", ".join(sorted(kind.value for kind in kinds)),
                ".".join(head),
            )


def naming_of(settings: Settings) -> Naming:
    """Return how Graphite names are made."""
    return Naming(
        legacy=settings.legacy_namespace,
        global_prefix=settings.global_prefix,
        prefix_counter=settings.prefix_counter,
        prefix_timer=settings.prefix_timer,
        prefix_gauge=settings.prefix_gauge,
        prefix_set=settings.prefix_set,
        prefix_stats=settings.prefix_stats,
        global_suffix=settings.global_suffix,
    )


def _carbon(settings: Settings) -> CarbonOutput:
    statistics = TimerStatistics(
        settings.percentiles, settings.histogram, frozenset(settings.timer_metrics)
    )
    points = Points(naming_of(settings), statistics, settings.delete_idle)
    # Without a store there is no folder either.
    unfinished = Unfinished(settings.data / _LAST_FLUSH) if settings.store else None
    return CarbonOutput(settings.carbon, points, settings.carbon_buffer, unfinished=unfinished)


def _prometheus(settings: Settings) -> Prometheus | None:
    if not settings.prometheus:
        return None
    return Prometheus(settings.prefix, settings.layout, settings.prometheus_buckets)
