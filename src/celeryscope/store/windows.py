"""Choosing the tier and the step that answer a span."""

from collections.abc import Sequence
from math import ceil

from celeryscope.store.protocol import Window
from celeryscope.store.tiers import Tier


def choose_window(
    tiers: Sequence[Tier], now: float, start: float, end: float, points: int | None
) -> Window:
    """Return the finest window that covers a span, or one of at most `points` points.

    A span that begins before every retention is read from the tier that is kept longest.
    """
    covering = [tier for tier in tiers if start >= now - tier.retention] or [tiers[-1]]
    if points is None:
        return _aligned(covering[0], covering[0].step, start, end)
    wanted = (end - start) / max(points, 1)
    tier = max((t for t in covering if t.step <= wanted), key=lambda t: t.step, default=covering[0])
    if points <= 1:
        first = covering[0].floor(start)
        step = max(ceil((end - first) / covering[0].step), 1) * covering[0].step
        return Window(first, step, 1, tier.step)
    window = _aligned(tier, max(ceil(wanted / tier.step), 1) * tier.step, start, end)
    if window.points > points:
        return _aligned(tier, window.step + tier.step, start, end)
    return window


def _aligned(tier: Tier, step: int, start: float, end: float) -> Window:
    first = int(start // step) * step
    return Window(first, step, max(ceil((end - first) / step), 1), tier.step)
