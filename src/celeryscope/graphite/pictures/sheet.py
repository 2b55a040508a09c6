"""The sheet that a picture is drawn on: its margins, title, axes and their marks."""

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from celeryscope.graphite.pictures.legend import Legend
from celeryscope.graphite.pictures.look import Look
from celeryscope.graphite.pictures.palette import Palette, palette_on
from celeryscope.graphite.pictures.text import Ruler, points
from celeryscope.graphite.pictures.time_axis import time_marks
from celeryscope.graphite.pictures.value_axis import Range, value_marks
from celeryscope.graphite.span import Span

# A CSS pixel is 1/96 inch, and n / 96 * 96 is exactly n.
_PIXELS_AN_INCH = 96
_SMALL, _TITLE = 11, 14
_PAD, _TITLE_HEIGHT, _TIMES_HEIGHT, _LEGEND_GAP = 10, 26, 34, 8
_BESIDE_MARKS, _VTITLE_WIDTH = 6, 18
_MARK_WIDTH, _MARK_HEIGHT = 78, 32
_WIDE_ENOUGH, _HIGH_ENOUGH = 120, 80

Labels = list[tuple[float, str]]


class Sheet:
    """A figure with places for what is in it; lengths in pixels."""

    def __init__(self, look: Look) -> None:
        self.figure = Figure(
            figsize=(look.width / _PIXELS_AN_INCH, look.height / _PIXELS_AN_INCH),
            dpi=_PIXELS_AN_INCH,
            facecolor=look.background,
        )
        self.canvas = FigureCanvasAgg(self.figure)
        self.ruler = Ruler(self.canvas.get_renderer())
        self._look = look
        self._palette: Palette = palette_on(look.background)
        self._ink = look.ink or self._palette.ink
        self._soft = look.ink or self._palette.soft
        self._roomy = look.width >= _WIDE_ENOUGH and look.height >= _HIGH_ENOUGH
        self._with_axes = look.axes and self._roomy

    @property
    def width(self) -> float:
        """Return the width between the margins."""
        return self._look.width - 2 * _PAD

    def axes(self, span: Span, ranges: list[Range], below: Legend | None) -> list[Axes]:
        """Draw what is around the series; return axes for each range, the second to the right."""
        top = self._titled()
        bottom = self._legended(below) + (_TIMES_HEIGHT if self._with_axes else 0)
        height = max(self._look.height - top - bottom, 1)
        labels = [self._value_labels(one, height) for one in ranges]
        margins = [self._beside(one) for one in labels]
        left = margins[0] + self._value_titled(bottom + height / 2)
        right = margins[1] if len(margins) > 1 else self._margin()
        width = max(self._look.width - left - right, 1)
        place = (*self._share(left, bottom), *self._share(width, height))
        first = self.figure.add_axes(place, facecolor="none")
        both = [first, *(first.twinx() for _second in ranges[1:])]
        for axes, over, marks in zip(both, ranges, labels, strict=True):
            axes.set_ylim(over.low, over.high)
            self._value_marks(axes, marks)
        first.set_xlim(span.start, span.end)
        self._time_marks(first, span, width)
        self._lined(both)
        return both

    def say(self, message: str, axes: Axes) -> None:
        text = axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center")
        text.set(fontsize=points(_TITLE), color=self._soft)

    def _share(self, x: float, y: float) -> tuple[float, float]:
        return x / self._look.width, y / self._look.height

    def _margin(self) -> float:
        return _PAD if self._roomy else 0

    def _titled(self) -> float:
        if not (self._look.title and self._roomy):
            return self._margin()
        title = self.ruler.fitted(self._look.title, _TITLE, self.width, "bold")
        place = self._share(_PAD, self._look.height - _PAD)
        text = self.figure.text(*place, title, va="top", weight="bold", parse_math=False)
        text.set(fontsize=points(_TITLE), color=self._ink)
        return _PAD + _TITLE_HEIGHT

    def _legended(self, below: Legend | None) -> float:
        if below is None:
            return self._margin()
        below.draw(self.figure, *self._share(_PAD, _PAD), self._ink)
        return _PAD + below.height + _LEGEND_GAP

    def _value_titled(self, middle: float) -> float:
        """Write `vtitle` upwards, left of the value axis; return its width."""
        if not (self._look.vtitle and self._with_axes):
            return 0
        title = self.ruler.fitted(self._look.vtitle, _SMALL, self._look.height - 2 * _PAD)
        text = self.figure.text(*self._share(_PAD, middle), title, va="center", parse_math=False)
        text.set(fontsize=points(_SMALL), color=self._soft, rotation="vertical")
        return _VTITLE_WIDTH

    def _value_labels(self, over: Range, height: float) -> Labels:
        most = max(int(height / _MARK_HEIGHT), 2)
        return value_marks(over, most, self._look.unit_system)

    def _beside(self, labels: Labels) -> float:
        if not self._with_axes:
            return self._margin()
        widest = max((self.ruler.width(text, _SMALL) for _value, text in labels), default=0)
        return _PAD + widest + _BESIDE_MARKS

    def _value_marks(self, axes: Axes, marks: Labels) -> None:
        axes.set_yticks([value for value, _text in marks], [text for _value, text in marks])
        axes.tick_params(axis="y", length=0, pad=points(_BESIDE_MARKS))
        axes.tick_params(labelsize=points(_SMALL), labelcolor=self._soft)

    def _time_marks(self, axes: Axes, span: Span, width: float) -> None:
        marks = time_marks(span.start, span.end, span.zone, max(int(width / _MARK_WIDTH), 2))
        axes.set_xticks([mark.time for mark in marks], [mark.label for mark in marks])
        axes.tick_params(axis="x", length=points(4), pad=points(3), color=self._soft)
        near = _MARK_WIDTH / 2 * (span.end - span.start) / width
        for mark, label in zip(marks, axes.get_xticklabels(), strict=True):
            if span.end - mark.time < near:
                label.set_horizontalalignment("right")

    def _lined(self, both: list[Axes]) -> None:
        for axes in both:
            axes.spines[:].set_visible(False)
            axes.set_axisbelow(True)
            if not self._with_axes:
                axes.tick_params(length=0, labelbottom=False, labelleft=False, labelright=False)
        if self._look.grid and self._roomy:
            both[0].grid(color=self._palette.grid, linewidth=points(1))
        if self._with_axes:
            both[0].spines["bottom"].set(visible=True, color=self._soft, linewidth=points(1))
