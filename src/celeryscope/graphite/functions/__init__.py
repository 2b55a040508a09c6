"""All functions of the target language, by each of their names."""

from celeryscope.graphite.declaration import Function
from celeryscope.graphite.functions import (
    across,
    alias,
    arithmetic,
    combine,
    drawing,
    gaps,
    generate,
    group,
    holt_winters,
    line,
    lists,
    merged,
    moving,
    order,
    percent,
    rates,
    select,
    shift,
    special,
    summarize,
    tagged,
    values,
)

_FAMILIES = (
    across,
    alias,
    arithmetic,
    combine,
    drawing,
    gaps,
    generate,
    group,
    holt_winters,
    line,
    lists,
    merged,
    moving,
    order,
    percent,
    rates,
    select,
    shift,
    special,
    summarize,
    tagged,
    values,
)

FUNCTIONS: dict[str, Function] = {
    name: declared
    for family in _FAMILIES
    for declared in vars(family).values()
    if isinstance(declared, Function)
    for name in (declared.name, *declared.aliases)
}
