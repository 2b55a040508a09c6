"""Text in pictures: as it is, never as formulas, and only as long as there is room for it."""

import re
import warnings

from matplotlib import font_manager, rcParams
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

_WANTED = ("DejaVu Sans", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "Noto Sans Arabic")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # no XML holds them
_LONGEST = 400
_POINTS_A_PIXEL = 0.75
_FEWEST = 4

# A box stands for a character that no font has.
warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
installed = set(font_manager.get_font_names())
rcParams["font.family"] = [name for name in _WANTED if name in installed]
rcParams["svg.fonttype"] = "none"  # text that can be read, searched and copied
rcParams["svg.hashsalt"] = "celeryscope"  # the same picture has the same bytes


def points(pixels: float) -> float:
    """Return a length in the points that matplotlib measures fonts and lines in."""
    return pixels * _POINTS_A_PIXEL


def plain(text: str) -> str:
    """Return text without characters that no line of it shows."""
    return _CONTROL.sub(" ", text)


class Ruler:
    """Measures lines of text, in pixels."""

    def __init__(self, renderer: RendererAgg) -> None:
        self._renderer = renderer

    def width(self, text: str, size: float, weight: str = "normal") -> float:
        font = FontProperties(size=points(size), weight=weight)
        width, _height, _descent = self._renderer.get_text_width_height_descent(text, font, False)  # noqa: FBT003 -- matplotlib's own
        return float(width)

    def fitted(self, text: str, size: float, room: float, weight: str = "normal") -> str:
        """Return the text, or as much of its start and end as there is room for."""
        text = _elided(plain(text), _LONGEST)
        while len(text) > _FEWEST and (width := self.width(text, size, weight)) > room:
            text = _elided(text, min(int(len(text) * room / width), len(text) - 1))
        return text


def _elided(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    kept = max(length, _FEWEST) - 1
    end = kept // 2
    head, tail = text[: kept - end].rstrip("…"), text[-end:].lstrip("…")
    return f"{head}…{tail}"
