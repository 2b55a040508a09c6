"""The output that Prometheus scrapes: `/metrics` in the text format and in OpenMetrics."""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

from prometheus_client import Metric as Exposed
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.histogram import BUCKETS, Bounds
from celeryscope.outputs.prometheus.identity import Reader
from celeryscope.outputs.prometheus.names import TYPES
from celeryscope.outputs.prometheus.state import MAX_SERIES, HistogramValue, Metric, State

_EVERY_SAMPLE = "+Inf"


class Prometheus(Collector):
    """Keeps totals for whoever scrapes them; it takes flushes where it is called."""

    def __init__(
        self,
        prefix: str = "celery",
        layout: Layout = Layout.LEVELS,
        buckets: Sequence[float] = BUCKETS,
        max_series: int = MAX_SERIES,
    ) -> None:
        """Take the buckets' upper bounds in seconds.

        Raises:
            ValueError: The bounds do not ascend, or there are none.
        """
        bounds = Bounds(buckets)
        self._bounds = [repr(bound) for bound in bounds.seconds]
        self._state = State(Reader(prefix, layout), bounds, max_series)
        self._lock = Lock()
        self._taken = 0
        self._refused = 0

    def start(self) -> None:
        """Do nothing: there is no thread."""

    def stop(self) -> None:
        """Do nothing: the last flush can still be scraped."""

    def put(self, flush: Flush) -> None:
        """Add a flush up; it waits for a scrape only while that copies the numbers."""
        with self._lock:
            refused = self._state.take(flush)
            self._taken += flush.series - refused
            self._refused += refused

    def counters(self) -> Mapping[str, int]:
        """Return how many points were taken, and how many not, since the last call."""
        with self._lock:
            taken, self._taken = self._taken, 0
            refused, self._refused = self._refused, 0
        return {"outputs.prometheus.sent": taken, "outputs.prometheus.dropped": refused}

    def gauges(self) -> Mapping[str, float]:
        return {}

    def answer(self, accept: str) -> tuple[bytes, str]:
        """Return what `/metrics` says in the best format that `Accept` names, and its type."""
        try:
            encode, content_type = choose_encoder(accept)
        except TypeError:  # it names a version that is no number
            encode, content_type = choose_encoder("")
        return encode(self), content_type

    def collect(self) -> Iterator[Exposed]:
        with self._lock:
            metrics = self._state.metrics()
        yield from map(self._exposed, metrics)

    def _exposed(self, metric: Metric) -> Exposed:
        name = metric.name
        exposed = Exposed(name.base, name.help, TYPES[name.kind])
        suffix = "_total" if name.kind is Kind.COUNTER else ""
        for labels, value in metric.values.items():
            exposed.add_sample(name.base + suffix, dict(labels), value)
        for labels, histogram in metric.histograms.items():
            self._add_histogram(exposed, dict(labels), histogram)
        return exposed

    def _add_histogram(
        self, exposed: Exposed, labels: dict[str, str], histogram: HistogramValue
    ) -> None:
        base = exposed.name
        for bound, count in zip(self._bounds, histogram.buckets, strict=True):
            exposed.add_sample(f"{base}_bucket", {**labels, "le": bound}, count)
        exposed.add_sample(f"{base}_bucket", {**labels, "le": _EVERY_SAMPLE}, histogram.count)
        exposed.add_sample(f"{base}_sum", labels, histogram.sum)
        exposed.add_sample(f"{base}_count", labels, histogram.count)
