"""Small lines without axes, as SVG that the server draws."""

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from celeryscope.sketch import Floats

_WIDTH = 120.0
_HEIGHT = 24.0
_MARGIN = 2.0


def sparkline(values: Floats, kind: str) -> Markup:
    """Draw values from left to right; NaN breaks the line, and all else keeps zero in sight."""
    return Markup(
        '<svg class="spark spark-{}" viewBox="0 0 {:.0f} {:.0f}" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false"><path class="area" d="{}"/>'
        '<path class="line" d="{}"/></svg>'
    ).format(kind, _WIDTH, _HEIGHT, area(values), line(values))


def line(values: Floats) -> str:
    """Return the path data of a line through `values`, one subpath for each run without gaps."""
    return "".join(
        f"M{_points(x, y)}" if x.size > 1 else f"M{_points(x, y)}h.1" for x, y in _runs(values)
    )


def area(values: Floats) -> str:
    """Return the path data of what lies between the line and zero."""
    floor = _HEIGHT - _MARGIN
    return "".join(
        f"M{x[0]:.1f},{floor:.1f}L{_points(x, y)}V{floor:.1f}z" for x, y in _runs(values)
    )


def _runs(values: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield the coordinates of each stretch without a gap."""
    if np.isfinite(values).any():
        x = np.linspace(0.0, _WIDTH, values.size) if values.size > 1 else np.array([_WIDTH])
        y = _heights(values)
        yield from ((x[part], y[part]) for part in _unbroken(values))


def _heights(values: Floats) -> Floats:
    top = float(np.nanmax(values))
    scale = (_HEIGHT - 2 * _MARGIN) / top if top > 0 else 0.0
    heights: Floats = _HEIGHT - _MARGIN - np.maximum(values, 0.0) * scale
    return heights


def _unbroken(values: Floats) -> Iterator[slice]:
    known = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(known[1:] != known[:-1])
    return (slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _points(x: Floats, y: Floats) -> str:
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return "L".join([f"{a:.1f},{b:.1f}" for a, b in pairs])
