"""A dashboard's variables."""

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

from celeryscope.grafana.catalogue.variables import DATASOURCE
from celeryscope.grafana.model import Edition, Source, Variable


def reference(edition: Edition) -> common_models.DataSourceRef:
    """Return the data source that the reader chose."""
    return common_models.DataSourceRef(type_val=edition.value, uid=f"${{{DATASOURCE}}}")


def datasource(edition: Edition) -> cog.Builder[models.VariableModel]:
    """Return the variable by which the reader chooses it."""
    return (
        sdk.DatasourceVariable(DATASOURCE)
        .label("Data source")
        .description(f"The {edition.label} data source that has celeryscope's numbers.")
        .type(edition.value)
    )


def variable(one: Variable, edition: Edition) -> cog.Builder[models.VariableModel]:
    """Return one of the catalogue's variables."""
    if one.source is Source.DATA:
        return _of_data(one, edition)
    if one.source is Source.TEXT:
        return (
            sdk.TextBoxVariable(one.name)
            .label(one.label)
            .description(one.description)
            .default_value(one.query)
            .current(models.VariableOption(selected=True, text=one.query, value=one.query))
        )
    options = _options(one.query)
    return (
        sdk.CustomVariable(one.name)
        .label(one.label)
        .description(one.description)
        .values(one.query)
        .options(options)
        .current(options[0])
    )


def _of_data(one: Variable, edition: Edition) -> cog.Builder[models.VariableModel]:
    built = (
        sdk.QueryVariable(one.name)
        .label(one.label)
        .description(one.description)
        .datasource(reference(edition))
        .query(one.query)
        .definition(one.query)
        .regex(one.regex)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if one.every:
        every = models.VariableOption(selected=True, text="All", value="$__all")
        built.multi(multi=True).include_all(include_all=True).all_value(one.every).current(every)
    return built


def _options(choices: str) -> list[models.VariableOption]:
    """Return what `text : value, text : value` offers; the first is chosen."""
    pairs = [tuple(part.strip() for part in choice.split(" : ")) for choice in choices.split(",")]
    return [
        models.VariableOption(selected=number == 0, text=text, value=value)
        for number, (text, value) in enumerate(pairs)
    ]
