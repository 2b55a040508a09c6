"""Points of several parts as one."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from celeryscope.store.protocol import Points


def joined(parts: Sequence[Points]) -> Points:
    """Return the points of all parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Points(
        [*chain.from_iterable(part.names for part in parts)],
        np.concatenate([np.empty(0, np.int64), *(part.timestamps for part in parts)]),
        np.concatenate([np.empty(0), *(part.values for part in parts)]),
    )
