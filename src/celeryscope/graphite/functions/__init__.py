"""All functions of the target language, by each of their names."""

from celeryscope.graphite.declaration import Function
from celeryscope.graphite.functions import (
    alias,
    combine,
    merged,
    percent,
    select,
    special,
    transform,
)

_FAMILIES = (alias, combine, merged, percent, select, special, transform)

FUNCTIONS: dict[str, Function] = {
    name: declared
    for family in _FAMILIES
    for declared in vars(family).values()
    if isinstance(declared, Function)
    for name in (declared.name, *declared.aliases)
}
