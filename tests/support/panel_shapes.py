"""What the values of a panel look like, whatever they are."""

import math
from collections.abc import Sequence

from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.model import Edition, Panel, Unit

SHARES = {"Waits within the target", "Runs that did not fail", "Runs that failed", "Failed"}
_MAY_BE_BELOW_ZERO = "Published and not started"


def panels_of(edition: Edition) -> dict[tuple[str, str], Panel]:
    """Return all panels by their dashboard's uid and their title."""
    return {(one.uid(edition), panel.title): panel for one in DASHBOARDS for panel in one.panels}


def assert_shape(panel: Panel, values: Sequence[float | None], text: str) -> None:
    """A series has values, a value of the range is level, a share is one."""
    known = [value for value in values if value is not None]
    assert known, text
    assert all(map(math.isfinite, known)), text
    if panel.over_range:
        assert len(set(known)) == 1, text
    if panel.title in SHARES:
        assert all(0 <= value <= 1 for value in known), text
    if panel.unit is not Unit.SHARE and panel.title != _MAY_BE_BELOW_ZERO:
        assert all(value >= 0 for value in known), text
