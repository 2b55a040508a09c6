import numpy as np
import pytest

from celeryscope.store.protocol import Window
from celeryscope.web.ranges import Span
from celeryscope.web.reading import finished

WINDOW = Window(start=600, step=10, points=4, tier=10)
FOLLOWS = Span(601, 635, follows=True)


@pytest.mark.parametrize(
    ("covered", "span", "points"),
    [
        ([10, 10, 10, 10], FOLLOWS, 4),
        ([10, 10, 10, 5], FOLLOWS, 3),
        ([10, 10, 10, 0], FOLLOWS, 3),
        ([10, 10, 10, 5], Span(601, 635, follows=False), 4),
        ([10, 10, 10, 5], Span(601, 640, follows=True), 4),
        ([0, 0, 0, 5], FOLLOWS, 4),
    ],
)
def test_an_interval_that_is_still_being_filled_is_not_drawn(
    covered: list[float], span: Span, points: int
) -> None:
    assert finished(WINDOW, np.array(covered, dtype=float), span) == points
