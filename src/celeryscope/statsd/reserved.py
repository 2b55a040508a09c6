"""Names that clients may not write: the server's own series."""

import re
from fnmatch import translate

from celeryscope.metrics import CATALOGUE, OWN, Family

_CLIENTS = "client."


def reserved_names(prefix_stats: str = Family.SELF.value) -> re.Pattern[str]:
    """Return what matches the server's own names, and those under which outputs send them.

    What clients say of themselves, under `celeryscope.client.`, is let through.
    """
    own = rf"{re.escape(OWN)}(?!{re.escape(_CLIENTS)})"
    if f"{prefix_stats}." == OWN:
        return re.compile(own)
    before = re.escape(f"{prefix_stats}.") if prefix_stats else ""
    leaves = "|".join(translate(one.leaf) for one in CATALOGUE if one.family is Family.SELF)
    return re.compile(f"{own}|{before}(?:{leaves})")
