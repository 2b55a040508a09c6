"""A panel of the catalogue as Grafana has it."""

from collections.abc import Callable
from string import ascii_uppercase

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models

from celeryscope.grafana.builder.links import down, down_by_name
from celeryscope.grafana.builder.targets import target
from celeryscope.grafana.builder.variables import reference
from celeryscope.grafana.catalogue.looks import HALF
from celeryscope.grafana.model import Chart, Color, Dashboard, Edition, Panel, Place, Unit

_Builder = timeseries.Panel | stat.Panel | bargauge.Panel | heatmap.Panel

# The one by name is not in Grafana 9.
_IN_TURN = models.FieldColorModeId.PALETTE_CLASSIC
_NONE = "0"  # what never happened has no series
_LAST = "lastNotNull"
# Each point of a percentile is one of all samples in it, so more of them than are seen cost a lot.
_GRAPHITE_POINTS = 360
_GRAPHITE_COLUMNS = 120
_LEGEND_FIGURES = ["mean", "max", _LAST]
_SIDE_FIGURES = ["mean"]  # what the series are ranked by
_FAINT = 10  # percent


def built(dashboard: Dashboard, panel: Panel, edition: Edition, place: Place) -> models.Panel:
    """Return one panel of a dashboard at its place."""
    builder = _CHARTS[panel.chart](panel, edition)
    builder.id(dashboard.panel_id(panel.title)).title(panel.title)
    builder.description(panel.description(edition)).datasource(reference(edition))
    builder.grid_pos(models.GridPos(h=place.height, w=place.width, x=place.x, y=place.y))
    builder.links([down(dashboard, panel.link, edition)])
    if edition is Edition.GRAPHITE:
        coarse = panel.chart is Chart.HEATMAP or panel.over_range
        builder.max_data_points(_GRAPHITE_COLUMNS if coarse else _GRAPHITE_POINTS)
    if panel.link.sets:
        builder.data_links([down_by_name(dashboard, panel.link, edition)])
    for letter, query in zip(ascii_uppercase, panel.asked(edition), strict=False):
        is_heatmap = panel.chart is Chart.HEATMAP
        builder.with_target(target(query, edition, letter, heatmap=is_heatmap))
        if query.color:
            builder.override_by_query(letter, [_fixed(query.color)])
    return builder.build()


def _lines(panel: Panel, edition: Edition) -> timeseries.Panel:
    builder = (
        timeseries.Panel()
        .unit(panel.unit.of(edition))
        .color_scheme(sdk.FieldColor().mode(_IN_TURN))
        .thresholds(_thresholds(panel, edition))
        .line_width(1)
        .fill_opacity(_FAINT if panel.is_alone else 0)
        .show_points(common_models.VisibilityMode.AUTO)
        .legend(_legend(panel))
        .tooltip(_tooltip())
    )
    if panel.steps:
        style = common_models.GraphThresholdsStyleMode.DASHED
        builder.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
    if panel.highest is not None:
        builder.max(panel.highest)
    if panel.logarithmic:
        return builder.scale_distribution(_logarithmic(10))
    return builder.axis_soft_min(0)


def _stack(panel: Panel, edition: Edition) -> timeseries.Panel:
    stacking = common.StackingConfig().mode(common_models.StackingMode.NORMAL).group("A")
    return _lines(panel, edition).fill_opacity(40).stacking(stacking)


def _number(panel: Panel, edition: Edition) -> stat.Panel:
    modes = common_models.BigValueGraphMode
    builder = (
        stat.Panel()
        .unit(panel.unit.of(edition))
        .thresholds(_thresholds(panel, edition))
        .color_mode(common_models.BigValueColorMode.VALUE)
        .graph_mode(modes.NONE if panel.over_range else modes.AREA)
        .reduce_options(_last())
    )
    if panel.unit is Unit.SHARE:
        builder.decimals(2)
    if panel.over_range and panel.unit is Unit.COUNT:
        builder.no_value(_NONE)
    return builder


def _bars(panel: Panel, edition: Edition) -> bargauge.Panel:
    return (
        bargauge.Panel()
        .unit(panel.unit.of(edition))
        .color_scheme(sdk.FieldColor().mode(_IN_TURN))
        .thresholds(_thresholds(panel, edition))
        .min(0)
        .display_mode(common_models.BarGaugeDisplayMode.BASIC)
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .value_mode(common_models.BarGaugeValueMode.TEXT)
        .reduce_options(_last())
        .no_value(_NONE)
    )


def _heatmap(panel: Panel, edition: Edition) -> heatmap.Panel:
    builder = (
        heatmap.Panel()
        .unit("short")
        .y_axis(heatmap.YAxisConfig().unit(panel.unit.of(edition)))
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmap_models.HeatmapColorMode.SCHEME)
            .scheme("Greens")
            .scale(heatmap_models.HeatmapColorScale.EXPONENTIAL)
            .exponent(0.5)
            .steps(64)
        )
        .tooltip(heatmap.HeatmapTooltip().mode(common_models.TooltipDisplayMode.SINGLE))
        .show_legend()
    )
    if edition is Edition.PROMETHEUS:
        return builder.calculate(calculate=False)
    buckets = common.HeatmapCalculationBucketConfig().scale(_logarithmic(2))
    calculation = common.HeatmapCalculationOptions().y_buckets(buckets)
    return builder.calculate(calculate=True).calculation(calculation)


_CHARTS: dict[Chart, Callable[[Panel, Edition], _Builder]] = {
    Chart.LINES: _lines,
    Chart.STACK: _stack,
    Chart.NUMBER: _number,
    Chart.BARS: _bars,
    Chart.HEATMAP: _heatmap,
}


def _thresholds(panel: Panel, edition: Edition) -> sdk.ThresholdsConfig:
    steps = [models.Threshold(value=None, color=panel.first.value)]
    steps += [
        models.Threshold(value=panel.unit.scaled(step.value, edition), color=step.color.value)
        for step in panel.steps
    ]
    return sdk.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs([_LAST]).values(values=False)


def _logarithmic(base: int) -> common.ScaleDistributionConfig:
    return common.ScaleDistributionConfig().type(common_models.ScaleDistribution.LOG).log(base)


def _legend(panel: Panel) -> common.VizLegendOptions:
    """Return a table; at the side if it is long, as Grafana cuts off what is below at a third."""
    at_side = panel.is_for_each and panel.width >= HALF
    places = common_models.LegendPlacement
    return (
        common.VizLegendOptions()
        .display_mode(common_models.LegendDisplayMode.TABLE)
        .placement(places.RIGHT if at_side else places.BOTTOM)
        .show_legend(show_legend=True)
        .calcs(_SIDE_FIGURES if at_side else _LEGEND_FIGURES)
    )


def _tooltip() -> common.VizTooltipOptions:
    return (
        common.VizTooltipOptions()
        .mode(common_models.TooltipDisplayMode.MULTI)
        .sort(common_models.SortOrder.DESCENDING)
    )


def _fixed(color: Color) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(
        id_val="color", value={"mode": "fixed", "fixedColor": color.value}
    )
