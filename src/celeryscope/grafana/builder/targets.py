"""Queries in the shape in which each data source keeps them."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import prometheus as prometheus_builder
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import prometheus as prometheus_models

from celeryscope.grafana.model import Edition, Query


@dataclass(frozen=True, slots=True)
class GraphiteTarget(cog.Builder[variants.Dataquery], variants.Dataquery):
    """A query of Graphite's data source, which the SDK does not know."""

    ref_id: str
    target: str

    def build(self) -> variants.Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        return {"refId": self.ref_id, "target": self.target, "textEditor": True}


@dataclass(frozen=True, slots=True)
class GraphiteEvents(cog.Builder[variants.Dataquery], variants.Dataquery):
    """The events of some tags, as annotations ask for them."""

    tags: tuple[str, ...]

    def build(self) -> variants.Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        tags = list(self.tags)
        return {"refId": "Anno", "queryType": "tags", "tags": tags, "fromAnnotations": True}


@dataclass(frozen=True, slots=True)
class GrafanaAnnotations(cog.Builder[variants.Dataquery], variants.Dataquery):
    """The annotations of some tags that Grafana itself keeps."""

    tags: tuple[str, ...]

    def build(self) -> variants.Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        tags = list(self.tags)
        return {"refId": "Anno", "type": "tags", "tags": tags, "matchAny": True, "limit": 100}


def target(
    query: Query, edition: Edition, ref_id: str, *, heatmap: bool
) -> cog.Builder[variants.Dataquery]:
    """Return a query of a panel."""
    if edition is Edition.GRAPHITE:
        return GraphiteTarget(ref_id, query.graphite)
    built = (
        prometheus_builder.Dataquery()
        .ref_id(ref_id)
        .expr(query.prometheus)
        .legend_format(query.legend)
        .editor_mode(prometheus_models.QueryEditorMode.CODE)
    )
    if heatmap:
        built.format(prometheus_models.PromQueryFormat.HEATMAP)
    return built.instant() if query.over_range else built.range()
