"""Choosing the tier and the step that answer a span."""

from collections.abc import Mapping, Sequence
from math import ceil

from celeryscope.store.protocol import Window
from celeryscope.store.tiers import Tier


def choose_window(
    tiers: Sequence[Tier], start: float, end: float, points: int | None = None
) -> Window:
    """Return the finest window that covers a span, or one of at most `points` points.

    `tiers` are those that hold the span, finest first.
    """
    finest = tiers[0]
    if points is None:
        return _aligned(finest, finest.step, start, end)
    wanted = (end - start) / max(points, 1)
    tier = max((t for t in tiers if t.step <= wanted), key=lambda t: t.step, default=finest)
    if points <= 1:
        first = finest.floor(start)
        return Window(first, max(finest.ceil(end) - first, finest.step), 1, tier.step)
    # A span that is not aligned touches one interval more than its length says.
    for width in (wanted, (end - start) / (points - 1)):
        window = _aligned(tier, max(tier.ceil(width), tier.step), start, end)
        if window.points <= points:
            break
    return window


def covering(
    tiers: Sequence[Tier], since: Mapping[int, int], now: float, start: float
) -> Sequence[Tier]:
    """Return the tiers that hold all there is from `start` on, finest first.

    `since` says by step from when on a tier holds everything. A span that begins before every
    retention is left to the tier that reaches back furthest.
    """
    oldest = min(since[tier.step] for tier in tiers)
    return [
        tier
        for tier in tiers
        if start >= now - tier.retention and max(start, oldest) >= since[tier.step]
    ] or [min(reversed(tiers), key=lambda tier: since[tier.step])]


def _aligned(tier: Tier, step: int, start: float, end: float) -> Window:
    first = int(start // step) * step
    return Window(first, step, max(ceil((end - first) / step), 1), tier.step)
