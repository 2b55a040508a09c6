"""Sizes, colors and words that panels share."""

from celeryscope.grafana.catalogue.scopes import Scope
from celeryscope.grafana.catalogue.terms import rate
from celeryscope.grafana.model import Color, Edition, Query, Step

HALF, THIRD, QUARTER, SIXTH, EIGHTH = 12, 8, 6, 4, 3
LOW = 4

SLOW = (Step(5, Color.AMBER), Step(60, Color.RED))
NONE_IS_GOOD = (Step(1, Color.RED),)
FEW_FAIL = (Step(0.01, Color.AMBER), Step(0.05, Color.RED))
NONE_ONLINE_IS_BAD = (Step(1, Color.GREEN),)
NEARLY_FULL = (Step(0.8, Color.AMBER), Step(0.95, Color.RED))
NEARLY_ALL = (Step(0.95, Color.AMBER), Step(0.99, Color.GREEN))
SOME_LEFT = (Step(0, Color.AMBER), Step(0.25, Color.GREEN))

DECILES = "10,20,30,40,50,60,70,80,90"
MIDDLE_AND_HIGH = "50,90"
WORST = "Of several the worst, in each interval."
SPREAD = {
    Edition.GRAPHITE: "Cells count percentiles, each alike, since Graphite's language cannot add "
    "distributions up.",
    Edition.PROMETHEUS: "Cells count runs.",
}


def outcomes(scope: Scope) -> tuple[Query, ...]:
    """Return how many runs a second end in each way."""
    return (
        rate(scope, "success", "succeeded", Color.GREEN),
        rate(scope, "retry", "retried", Color.AMBER),
        rate(scope, "failure", "failed", Color.RED),
        rate(scope, "revoked", "revoked"),
        rate(scope, "rejected", "rejected"),
        rate(scope, "ignored", "ignored"),
        rate(scope, "aborted", "aborted"),
    )
