"""The legend below a picture's axes."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from celeryscope.graphite.pictures.text import Ruler, points

_SIZE, _ROW, _SWATCH, _BETWEEN = 11, 17, 24, 18
_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Legend:
    """Names with what they look like, in rows and columns; lengths in pixels."""

    names: Sequence[str]
    artists: Sequence[Artist]
    columns: int

    @property
    def height(self) -> float:
        return -(-len(self.names) // self.columns) * _ROW

    def draw(self, figure: Figure, left: float, bottom: float, ink: str) -> None:
        """Draw with the lower left corner at a place, given as shares of the figure."""
        legend = figure.legend(
            handles=self.artists,
            labels=["name"] * len(self.names),
            ncols=self.columns,
            loc="lower left",
            bbox_to_anchor=(left, bottom),
            frameon=False,
            fontsize=points(_SIZE),
            labelcolor=ink,
            borderpad=0,
            borderaxespad=0,
            handlelength=(_SWATCH - 6) / _SIZE,
            handletextpad=6 / _SIZE,
            columnspacing=_BETWEEN / _SIZE,
            labelspacing=0.3,
        )
        for text, name in zip(legend.get_texts(), self.names, strict=True):
            text.set_parse_math(False)
            text.set_text(name)


def legend(
    named: Sequence[tuple[str, Artist]], ruler: Ruler, width: float, height: float
) -> Legend | None:
    """Lay out a legend in a part of a picture; what does not fit is counted in its last entry."""
    rows = int(height * _SHARE / _ROW)
    if not named or not rows:
        return None
    names = [ruler.fitted(name, _SIZE, width - _SWATCH) for name, _artist in named]
    widest = max(ruler.width(name, _SIZE) for name in names)
    columns = max(int((width + _BETWEEN) / (_SWATCH + widest + _BETWEEN)), 1)
    artists = [artist for _name, artist in named]
    room = rows * columns
    if len(names) > room:
        names[room - 1 :] = [f"and {len(names) - room + 1:,} more"]
        artists[room - 1 :] = [Line2D([], [], linestyle="none")]
    return Legend(names, artists, min(columns, len(names)))
