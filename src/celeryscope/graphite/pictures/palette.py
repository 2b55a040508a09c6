"""The colors of pictures: those of the web pages, and those that requests name."""

import re
from dataclasses import dataclass

from matplotlib.colors import CSS4_COLORS, to_hex, to_rgb

from celeryscope.graphite.errors import RequestError, shown

TRANSPARENT = "none"
_HEX = re.compile(r"#?([0-9a-f]{6}(?:[0-9a-f]{2})?)\Z")
_NAMED = {
    **{name: to_hex(name) for name in CSS4_COLORS},
    "rose": "#c896c8",  # Graphite's own
    "transparent": TRANSPARENT,
}
_LUMINANCE = (0.2126, 0.7152, 0.0722)
_DARK = 0.4


@dataclass(frozen=True, slots=True)
class Palette:
    """What a picture is drawn in: text, what is beside it, the grid, and the series in turn."""

    ink: str
    soft: str
    grid: str
    series: tuple[str, ...]


LIGHT = Palette(
    ink="#17211b",
    soft="#5d6b63",
    grid="#e2e6e1",
    series=(
        *("#2f7d4f", "#3a74b8", "#c98a1b", "#c8443a", "#8a5a9e"),
        *("#1d9a9c", "#b4588a", "#7d8f2c", "#8d5b3a", "#5d6b63"),
    ),
)
DARK = Palette(
    ink="#e6ece8",
    soft="#93a39a",
    grid="#28312c",
    series=(
        *("#67c58d", "#74aef0", "#e6b450", "#f0776c", "#c79bdb"),
        *("#5fd0d0", "#ec94c0", "#bccb62", "#cf9d76", "#93a39a"),
    ),
)


def palette_on(background: str) -> Palette:
    """Return the colors that are seen on a background."""
    if background == TRANSPARENT:
        return LIGHT
    shares = zip(_LUMINANCE, to_rgb(background[:7]), strict=True)
    return DARK if sum(weight * share for weight, share in shares) < _DARK else LIGHT


def color(key: str, text: str) -> str:
    """Return a color as `#rrggbb`, `#rrggbbaa` or `none`; `key` is what holds its name.

    Raises:
        RequestError: There is none of that name.
    """
    name = text.strip().lower()
    if found := _HEX.match(name):
        return f"#{found[1]}"
    if name not in _NAMED:
        raise RequestError(
            f"{key} is {shown(text)}; allowed is RRGGBB, RRGGBBAA or a name such as green"
        )
    return _NAMED[name]
