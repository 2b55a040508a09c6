"""OpenTelemetry's Celery instrumentor, set up as in production but for the network."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.instrumentation import celery
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class DroppingExporter(SpanExporter):
    """Takes spans, and is done with them."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


def trace_runs() -> None:
    """Make a span of each run from now on, exported in batches by a thread."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(DroppingExporter()))
    untyped: Any = celery
    untyped.CeleryInstrumentor().instrument(tracer_provider=provider)
