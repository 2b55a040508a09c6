"""What `/functions` answers: the functions with their parameters, from their declarations."""

from celeryscope.graphite.errors import NotFoundError, shown
from celeryscope.graphite.functions import FUNCTIONS

Entry = dict[str, object]


def listed(group: str | None, *, grouped: bool) -> Entry:
    """Return the entries by name, of one group if one is given; each group apart if `grouped`."""
    entries: Entry = {}
    for name, declared in FUNCTIONS.items():
        if group in {None, declared.group}:
            entries[name] = declared.describe(name)
    if not grouped:
        return entries
    groups: dict[str, Entry] = {}
    for name, entry in entries.items():
        groups.setdefault(FUNCTIONS[name].group, {})[name] = entry
    return dict(groups)


def described(name: str) -> Entry:
    """Return one function's entry.

    Raises:
        NotFoundError: There is none of that name.
    """
    if name not in FUNCTIONS:
        raise NotFoundError(f"there is no function {shown(name)}; see /functions for all")
    return FUNCTIONS[name].describe(name)
